import OctavoBase
import OctavoHub
import OctavoPublisher
import Synchronization

extension ProgressPrinter {
    /// What a transfer calls: all files of a phase are one stage, with the rate of the last seconds.
    var transferHandler: @Sendable (TransferProgress) -> Void {
        let rate = Mutex(TransferRate())
        return { transfer in
            let overall = transfer.overall
            let perSecond = rate.withLock {
                $0.advance(transfer.phase, to: overall.completedBytes, at: ProcessTime().wall)
            }
            if !transfer.path.isEmpty, transfer.completedBytes == transfer.totalBytes {
                self.tellPrograms(
                    .object([
                        "event": "file", "stage": .string(transfer.phase.rawValue),
                        "path": .string(transfer.path), "bytes": .integer(transfer.totalBytes),
                        "completed_files": .integer(overall.completedFiles),
                        "files": .integer(overall.files),
                    ])
                )
            }
            self.handler(
                Progress(
                    transfer.phase.rawValue,
                    overall.completedBytes,
                    of: overall.totalBytes,
                    unit: .bytes,
                    detail: transfer.detail(bytesPerSecond: perSecond)
                )
            )
        }
    }
}

extension TransferProgress {
    /// How many files are done, which one went on, and how fast all of it is.
    fileprivate func detail(bytesPerSecond: Double?) -> String {
        var parts: [String] = []
        if overall.files > 1 { parts.append("\(overall.completedFiles)/\(overall.files) files") }
        if let bytesPerSecond { parts.append("\(byteText(Int(bytesPerSecond)))/s") }
        if !path.isEmpty { parts.append(path) }
        return parts.joined(separator: "  ")
    }
}

/// How fast bytes pass, over the last seconds.
private struct TransferRate {
    private var phase: TransferProgress.Phase?
    private var samples: [(time: Double, bytes: Int)] = []
    private static let window = 10.0

    /// Takes note of the bytes that are done.
    ///
    /// - Returns: Bytes a second; nil in the first second of a phase.
    mutating func advance(_ phase: TransferProgress.Phase, to bytes: Int, at time: Double)
        -> Double?
    {
        if phase != self.phase { (self.phase, samples) = (phase, []) }
        // Four samples a second are enough, and keep the list short.
        if samples.last.map({ time - $0.time >= 0.25 }) ?? true { samples.append((time, bytes)) }
        samples.removeAll { time - $0.time > Self.window && $0.time < time }
        guard let first = samples.first, time - first.time >= 1, bytes > first.bytes else {
            return nil
        }
        return Double(bytes - first.bytes) / (time - first.time)
    }
}
