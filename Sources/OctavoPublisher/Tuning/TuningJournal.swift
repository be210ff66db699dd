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

    private static let courseFile = "course.json"

    /// Where the original's answers are.
    var teacherFile: String { joined(folder.path, "teacher.safetensors") }

    func kept() throws -> (course: TuningCourse, state: TuningState, best: TuningState)? {
        let path = joined(folder.path, Self.courseFile)
        guard fileKind(path) == .file else { return nil }
        guard let json = try? JSON(parsing: readFile(path)), let course = TuningCourse(json) else {
            throw ResumeError.damaged(path)
        }
        return (course, try read(stateFile(course)), try read(bestFile(course)))
    }

    func keep(_ course: TuningCourse, state: TuningState, best: TuningState?) throws {
        if let best { try write(best, to: bestFile(course)) }
        try write(state, to: stateFile(course))
        try AtomicFile.write(course.json.text(.sorted), to: joined(folder.path, Self.courseFile))
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
    /// As the journal and the record keep it.
    var json: JSON {
        .object([
            "training": .array(training.map(JSON.number)),
            "evaluations": .array(
                evaluations.map {
                    .object(["step": .integer($0.step), "loss": .number($0.loss)])
                }
            ),
        ])
    }

    init?(_ json: JSON) {
        self.init()
        guard let losses = json["training"]?.array, let measured = json["evaluations"]?.array
        else { return nil }
        training = losses.compactMap(\.number)
        evaluations = measured.compactMap {
            guard let step = $0["step"]?.integer, let loss = $0["loss"]?.number else { return nil }
            return Evaluation(step: step, loss: loss)
        }
        guard training.count == losses.count, evaluations.count == measured.count,
            !evaluations.isEmpty
        else { return nil }
    }
}
