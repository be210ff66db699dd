import OctavoBase
import OctavoCheckpoint
import OctavoQuantizer

/// A tuning that is not finished, in the folder `OUTPUT.partial` beside its output.
///
/// `journal.json` holds what the run was begun with, `teacher.safetensors` what the original says, and
/// `course.json` how far it is and which files hold its state and its best parameters. A state has its
/// name before the course tells of it, so that whenever the run ends, one of them is whole.
struct TuningFolder: TuningJournal {
    let folder: PartialFolder
    /// How long steps took: told by the course, and no part of the result.
    let clock: TuningClock

    private static let courseFile = "course.json"

    /// Where the original's answers are.
    var teacherFile: String { joined(folder.path, "teacher.safetensors") }

    func kept() throws -> (course: TuningCourse, state: TuningState, best: TuningState)? {
        let path = joined(folder.path, Self.courseFile)
        guard fileKind(path) == .file else { return nil }
        guard let json = try? JSON(parsing: readFile(path)), let course = TuningCourse(json),
            let seconds = json["seconds"]?.array?.map(\.number), seconds.count == course.steps
        else { throw ResumeError.damaged(path) }
        clock.seconds = seconds.map { $0 ?? 0 }
        return (course, try read(stateFile(course)), try read(bestFile(course)))
    }

    func keep(_ course: TuningCourse, state: TuningState, best: TuningState?) throws {
        if let best { try write(best, to: bestFile(course)) }
        try write(state, to: stateFile(course))
        var json = course.json
        json["seconds"] = .array(clock.seconds.map(JSON.number))
        try AtomicFile.write(
            JSON.object(json).text(.sorted),
            to: joined(folder.path, Self.courseFile)
        )
        let needed = [stateFile(course), bestFile(course)].map(lastComponent)
        for name in try directoryEntries(folder.path) where !needed.contains(name) {
            guard name.hasPrefix("state-") || name.hasPrefix("best-") else { continue }
            try removeAll(joined(folder.path, name))
        }
    }

    private func stateFile(_ course: TuningCourse) -> String {
        joined(folder.path, "state-\(course.steps).safetensors")
    }

    private func bestFile(_ course: TuningCourse) -> String {
        joined(folder.path, "best-\(course.best?.step ?? 0).safetensors")
    }

    private func read(_ file: String) throws -> TuningState {
        var state = TuningState()
        for tensor in try Checkpoint(file).tensors {
            if tensor.type == .dtype(.u16) {
                state.codes[tensor.name] = try tensor.bits(of: .u16)
            } else {
                state.floats[tensor.name] = try tensor.floats()
            }
        }
        return state
    }

    private func write(_ state: TuningState, to file: String) throws {
        let plans =
            state.floats.compactMap { TensorPlan(name: $0, dtype: .f32, shape: [$1.count]) }
            + state.codes.compactMap { TensorPlan(name: $0, dtype: .u16, shape: [$1.count]) }
        var writer = try SafetensorsWriter(file, tensors: plans)
        for plan in writer.plans {
            if let floats = state.floats[plan.name] { try writer.write(floats.byteArray) }
            if let codes = state.codes[plan.name] { try writer.write(codes.byteArray) }
        }
        _ = try writer.finish()
    }
}

extension TuningCourse {
    /// As the journal keeps it.
    fileprivate var json: JSONObject {
        var json = JSONObject()
        json["training"] = .array(training.map(JSON.number))
        json["tokens"] = .array(made.map { .integer($0.tokens) })
        json["changed_groups"] = .array(made.map { .integer($0.changedGroups) })
        json["evaluations"] = .array(
            evaluations.map { .object(["step": .integer($0.step), "loss": .number($0.loss)]) }
        )
        return json
    }

    fileprivate init?(_ json: JSON) {
        self.init()
        guard let losses = json["training"]?.array, let tokens = json["tokens"]?.array,
            let changed = json["changed_groups"]?.array, let measured = json["evaluations"]?.array,
            tokens.count == losses.count, changed.count == losses.count
        else { return nil }
        made = losses.indices.compactMap { index in
            guard let loss = losses[index].number, let tokens = tokens[index].integer,
                let changed = changed[index].integer
            else { return nil }
            return Step(loss: loss, tokens: tokens, changedGroups: changed)
        }
        evaluations = measured.compactMap {
            guard let step = $0["step"]?.integer, let loss = $0["loss"]?.number else { return nil }
            return Evaluation(step: step, loss: loss)
        }
        guard made.count == losses.count, evaluations.count == measured.count,
            !evaluations.isEmpty
        else { return nil }
    }
}
