import OctavoBase
import OctavoNumerics

/// What a task took, and where it ran.
public struct TaskEffort: Sendable, Equatable {
    /// Seconds of processor time.
    public var cpuSeconds: Double
    /// Seconds by the clock.
    public var seconds: Double
    /// The machine.
    public var host: String
    /// The instructions and kernels that decide last bits.
    public var processor: String

    /// What was taken since a moment, here.
    init(since start: ProcessTime) {
        let now = ProcessTime()
        (cpuSeconds, seconds) = (now.cpu - start.cpu, now.wall - start.wall)
        host = hostName()
        processor = kernelNames
    }

    init?(_ json: JSON) {
        guard let cpu = json["cpu_seconds"]?.number, let seconds = json["seconds"]?.number,
            let host = json["host"]?.string, let processor = json["processor"]?.string
        else { return nil }
        (cpuSeconds, self.seconds, self.host, self.processor) = (cpu, seconds, host, processor)
    }

    /// As a task's record keeps it.
    var json: JSON {
        func rounded(_ value: Double) -> JSON { .number((value * 1000).rounded() / 1000) }
        return .object([
            "cpu_seconds": rounded(cpuSeconds), "seconds": rounded(seconds),
            "host": .string(String(host.prefix(256))),
            "processor": .string(String(processor.prefix(256))),
        ])
    }
}
