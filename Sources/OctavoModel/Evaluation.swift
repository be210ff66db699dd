public import OctavoNumerics

/// Cuts a text into windows of `length` tokens that do not overlap; a rest that fills no window is
/// left out, unless it is all there is.
public func windows(of tokens: [Int], length: Int, limit: Int = .max) -> [[Int]] {
    precondition(length > 0)
    guard tokens.count >= length else { return tokens.isEmpty ? [] : [tokens] }
    return stride(from: 0, through: tokens.count - length, by: length).prefix(limit).map {
        Array(tokens[$0..<$0 + length])
    }
}

extension ModelEnds {
    /// Calls `body` with the logits of a few rows at a time, so that memory is bounded however long
    /// the text: logits of a large vocabulary are many times larger than what they are made of.
    public func forEachLogits(
        _ hidden: Matrix,
        _ execution: Execution,
        _ body: (Range<Int>, Matrix) throws -> Void
    ) rethrows {
        for start in stride(from: 0, to: hidden.rows, by: 128) {
            let range = start..<min(start + 128, hidden.rows)
            try body(range, logits(hidden.selecting(rows: Array(range)), execution))
        }
    }

    /// Returns how well the model foretells each token from those before it.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream behind the last block, for all sequences of the layout.
    ///   - tokens: The tokens that it was computed for.
    ///   - layout: The sequences.
    ///   - execution: How the pass is carried out.
    /// - Returns: The loss over all tokens but the first of each sequence.
    public func textLoss(
        _ hidden: Matrix,
        tokens: [Int],
        layout: BatchLayout,
        _ execution: Execution
    ) -> TextLoss {
        precondition(hidden.rows == tokens.count && layout.tokenCount == tokens.count)
        var loss = TextLoss()
        var first = 0
        for length in layout.lengths {
            let foretelling = hidden.selecting(rows: Array(first..<first + length - 1))
            let targets = tokens[first + 1..<first + length]
            forEachLogits(foretelling, execution) { range, logits in
                loss += OctavoModel.textLoss(
                    logits: logits,
                    targets: targets.dropFirst(range.lowerBound).prefix(range.count),
                    threads: execution.threads
                )
            }
            first += length
        }
        return loss
    }

    /// Returns how well this student and its teacher foretell a text, and how far they are apart, from
    /// logits that are computed once for all three.
    ///
    /// - Parameters:
    ///   - teacher: The teacher's ends, with the same vocabulary.
    ///   - teacherHidden: The teacher's residual stream, for one sequence.
    ///   - studentHidden: The student's, for the same one.
    ///   - tokens: The sequence.
    ///   - execution: How the passes are carried out.
    /// - Returns: Losses over all tokens but the first, and the distance over all.
    public func comparison(
        with teacher: ModelEnds,
        teacherHidden: Matrix,
        studentHidden: Matrix,
        tokens: [Int],
        _ execution: Execution
    ) -> (student: TextLoss, teacher: TextLoss, distance: TeacherDistance) {
        precondition(teacherHidden.rows == tokens.count && studentHidden.rows == tokens.count)
        var result = (student: TextLoss(), teacher: TextLoss(), distance: TeacherDistance())
        forEachLogits(studentHidden, execution) { range, student in
            let rows = teacherHidden.selecting(rows: Array(range))
            let teacher = teacher.logits(rows, execution)
            let targets = tokens[range.lowerBound...].dropFirst().prefix(range.count)
            let threads = execution.threads
            result.student += OctavoModel.textLoss(
                logits: student,
                targets: targets,
                threads: threads
            )
            result.teacher += OctavoModel.textLoss(
                logits: teacher,
                targets: targets,
                threads: threads
            )
            result.distance += teacherDistance(
                teacher: teacher,
                student: student,
                threads: threads
            )
        }
        return result
    }
}

extension LanguageModel {
    /// Returns how well the model foretells the tokens of windows, each by itself.
    ///
    /// - Parameters:
    ///   - windows: Texts; their first tokens are not foretold.
    ///   - execution: How the passes are carried out.
    ///   - progress: Called with the loss so far after each window.
    /// - Returns: The loss over all windows.
    /// - Throws: ``TokenError``, or what `progress` throws.
    public func textLoss(
        _ windows: [[Int]],
        _ execution: Execution = Execution(),
        progress: (TextLoss) throws -> Void = { _ in }
    ) throws -> TextLoss {
        var loss = TextLoss()
        for window in windows where window.count > 1 {
            let layout = BatchLayout(lengths: [window.count])
            let hidden = try hidden(for: window, layout: layout, execution)
            loss += ends.textLoss(hidden, tokens: window, layout: layout, execution)
            try progress(loss)
        }
        return loss
    }

    /// Returns how far this model is from a teacher on the tokens of windows.
    ///
    /// - Throws: ``TokenError``, or what `progress` throws.
    public func distance(
        from teacher: LanguageModel,
        on windows: [[Int]],
        _ execution: Execution = Execution(),
        progress: (TeacherDistance) throws -> Void = { _ in }
    ) throws -> TeacherDistance {
        precondition(teacher.configuration.vocabularySize == configuration.vocabularySize)
        var distance = TeacherDistance()
        for window in windows where !window.isEmpty {
            let layout = BatchLayout(lengths: [window.count])
            distance +=
                ends.comparison(
                    with: teacher.ends,
                    teacherHidden: try teacher.hidden(for: window, layout: layout, execution),
                    studentHidden: try hidden(for: window, layout: layout, execution),
                    tokens: window,
                    execution
                ).distance
            try progress(distance)
        }
        return distance
    }
}
