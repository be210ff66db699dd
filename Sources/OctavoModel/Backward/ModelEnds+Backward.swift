public import OctavoNumerics

/// The gradients of what surrounds the blocks, each in the shape of its parameter.
public struct EndGradients: Sendable {
    /// `[vocabulary, hidden]`: with the head's where that is the embedding, transposed; nil if it is not
    /// wanted.
    public internal(set) var embedding: Matrix?
    /// `[hidden]`.
    public internal(set) var finalNorm: [Float]
    /// `[vocabulary, hidden]`, or nil where the embedding serves or it is not wanted.
    public internal(set) var head: Matrix?

    /// Gradients of zero.
    ///
    /// - Parameters:
    ///   - ends: What they are of.
    ///   - embeddings: Whether those of embedding and head are wanted, or only that of the norm.
    public init(_ ends: ModelEnds, embeddings: Bool = true) {
        finalNorm = [Float](repeating: 0, count: ends.finalNorm.count)
        guard embeddings else { return }
        embedding = Matrix(rows: ends.embedding.rows, columns: ends.embedding.columns)
        head = ends.untiedHead.map { Matrix(rows: $0.rows, columns: $0.columns) }
    }
}

extension ModelEnds {
    /// For how many tokens logits are formed at a time where gradients go back.
    ///
    /// The head is laid out for each product anew: few at a time would pay for that often.
    public static let rowsAtOnce = 256

    /// Computes a loss from the residual stream behind the last block, and goes back to it.
    ///
    /// Logits are formed for a few rows at a time: they are many times larger than what they are
    /// made of.
    ///
    /// - Parameters:
    ///   - hidden: `[tokens, hidden]`; replaced by its gradient.
    ///   - loss: What the logits cost.
    ///   - execution: How the pass is carried out.
    ///   - gradients: What the gradients of norm and head are added to, or nil if they are not
    ///     wanted.
    /// - Returns: The loss.
    public func backward(
        _ hidden: inout Matrix,
        loss: TokenLoss,
        _ execution: Execution,
        addingTo gradients: inout EndGradients?
    ) -> Double {
        let (head, width) = ((untiedHead ?? embedding).matrix, hidden.columns)
        var total = 0.0
        let counted = loss.rows ?? Array(0..<hidden.rows)
        var gradient = Matrix(rows: hidden.rows, columns: width)
        for start in stride(from: 0, to: counted.count, by: Self.rowsAtOnce) {
            let rows = start..<min(start + Self.rowsAtOnce, counted.count)
            let part = hidden.selecting(rows: Array(counted[rows]))
            let x = norm(part, execution)
            var logits = logits(ofNormed: x, execution)
            let capped = configuration.logitCap == nil ? nil : logits
            total += loss.replace(rows, &logits, execution.threads)
            if let cap = configuration.logitCap, let capped {
                logits.softCapBackward(cap, capped: capped)
            }
            if configuration.logitScale != 1 { logits.scale(by: configuration.logitScale) }
            var partGradient = Matrix(rows: rows.count, columns: width)
            let normGradient = norm.backward(
                part,
                gradient: execution.product(logits, head),
                addingTo: &partGradient,
                execution
            )
            gradients?.add(logits: logits, normed: x, finalNorm: normGradient, execution)
            gradient.add(partGradient, toRows: Array(counted[rows]))
        }
        hidden = gradient
        return total
    }
}

extension ModelEnds {
    /// Computes a loss from the residual stream behind the last block.
    ///
    /// - Parameters:
    ///   - loss: What the logits cost.
    ///   - hidden: `[tokens, hidden]`.
    ///   - execution: How the pass is carried out.
    /// - Returns: The loss.
    public func value(of loss: TokenLoss, _ hidden: Matrix, _ execution: Execution) -> Double {
        var total = 0.0
        let counted = loss.rows.map(hidden.selecting) ?? hidden
        forEachLogits(counted, execution) { rows, logits in
            var logits = logits
            total += loss.replace(rows, &logits, execution.threads)
        }
        return total
    }
}

extension EndGradients {
    /// Adds the gradients that some rows make, given that of what the head made and what it took.
    fileprivate mutating func add(
        logits: Matrix,
        normed: Matrix,
        finalNorm more: [Float],
        _ execution: Execution
    ) {
        for i in finalNorm.indices { finalNorm[i] += more[i] }
        if var sum = head.take() {
            execution.add(productOf: logits, transposed: true, normed, to: &sum)
            head = sum
        } else if var sum = embedding.take() {
            execution.add(productOf: logits, transposed: true, normed, to: &sum)
            embedding = sum
        }
    }

    /// Adds the gradients of embedded tokens, a row for each, given what embeddings are multiplied by.
    mutating func add(embedded gradient: Matrix, tokens: [Int], scale: Float) {
        guard var sum = embedding.take() else { return }
        let width = gradient.columns
        for (row, token) in tokens.enumerated() {
            for i in 0..<width {
                sum.elements[token * width + i] += scale * gradient.elements[row * width + i]
            }
        }
        embedding = sum
    }
}
