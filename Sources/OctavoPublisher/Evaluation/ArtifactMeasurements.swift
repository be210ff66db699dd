public import OctavoBase

/// What running an artifact gave: all that its card says of its quality and its cost.
public struct ArtifactMeasurements: Sendable, Equatable {
    /// Perplexity, and the distance to the original, of each text.
    public var evaluations: [EvaluationReport]
    /// Multiple-choice tasks.
    public var tasks: [TaskReport]
    /// Tokens a second and memory, if they were measured.
    public var speed: SpeedReport?
    /// Continuations of prompts.
    public var samples: [GeneratedSample]
    /// What it was measured on.
    public var machine: MeasuringMachine
    /// The version of the tool that measured.
    public var toolVersion: String

    /// The format and its version.
    public static let format = "octavo-measurements/1"

    /// Records measurements.
    public init(
        evaluations: [EvaluationReport] = [],
        tasks: [TaskReport] = [],
        speed: SpeedReport? = nil,
        samples: [GeneratedSample] = [],
        machine: MeasuringMachine,
        toolVersion: String = octavoVersion
    ) {
        self.evaluations = evaluations
        self.tasks = tasks
        self.speed = speed
        self.samples = samples
        self.machine = machine
        self.toolVersion = toolVersion
    }

    /// The measurements as they are written (docs/evaluation.md).
    public var json: JSON {
        .object([
            "format": .string(Self.format), "tool": .string(toolVersion),
            "machine": .object([
                "processor": .string(machine.processor), "threads": .integer(machine.threads),
            ]),
            "evaluations": .array(evaluations.map(\.json)), "tasks": .array(tasks.map(\.json)),
            "speed": speed?.json ?? .null, "samples": .array(samples.map(\.json)),
        ])
    }

    /// Reads what ``json`` writes; nil if a member is missing, of another type, or says what cannot be.
    public init?(json: JSON) {
        guard json["format"]?.string == Self.format, let tool = json["tool"]?.string,
            let processor = json["machine"]?["processor"]?.string,
            let threads = json["machine"]?["threads"]?.integer, threads > 0,
            let evaluations = json["evaluations"]?.all(EvaluationReport.init(json:)),
            let tasks = json["tasks"]?.all(TaskReport.init(json:)),
            let samples = json["samples"]?.all(GeneratedSample.init(json:)),
            let speed = json["speed"]
        else { return nil }
        var measured: SpeedReport?
        if speed != .null {
            guard let report = SpeedReport(json: speed) else { return nil }
            measured = report
        }
        self.init(
            evaluations: evaluations,
            tasks: tasks,
            speed: measured,
            samples: samples,
            machine: MeasuringMachine(processor: processor, threads: threads),
            toolVersion: tool
        )
    }
}

/// What something was measured on.
public struct MeasuringMachine: Sendable, Equatable {
    /// What its processor is called.
    public var processor: String
    /// How many threads took part.
    public var threads: Int

    /// Describes a machine.
    public init(processor: String, threads: Int) {
        self.processor = processor
        self.threads = threads
    }

    /// This machine, with so many threads.
    public static func current(threads: Int) -> MeasuringMachine {
        MeasuringMachine(processor: processorName() ?? "an unnamed processor", threads: threads)
    }

    /// In words.
    public var text: String { "\(processor), \(threads) \(threads == 1 ? "thread" : "threads")" }
}

extension JSON {
    /// The items of an array, each read; nil if this is none or one of them cannot be read.
    fileprivate func all<T>(_ read: (JSON) -> T?) -> [T]? {
        guard let items = array else { return nil }
        let values = items.compactMap(read)
        return values.count == items.count ? values : nil
    }
}
