import ArgumentParser
import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoPublisher
import OctavoQuantizer

/// Why rates cannot be taken from a file.
struct RateFileError: Error, CustomStringConvertible {
    let path: String
    var description: String {
        "\(path) has no rates; expected what `octavo quantize --plan --json` prints"
    }
}

/// What a plan is about: an architecture, and how many bytes a weight has.
private struct PlannedModel {
    let configuration: ModelConfiguration
    let weightBytes: Int

    /// Reads config.json alone, where there is one, of a folder or a repository.
    init(_ argument: String, _ printer: ProgressPrinter) async throws {
        let path = try await ModelPlace(argument).configurationPath(printer)
        let file = joined(path, "config.json")
        guard fileKind(path) == .directory, fileKind(file) == .file else {
            let model = try await runBlocking { try OpenModel(path) }
            configuration = try model.configuration()
            weightBytes = 2
            return
        }
        let json: JSON
        do { json = try JSON(parsing: readFile(file, limit: largestConfig)) } catch let error
            as JSONError
        {
            throw CheckpointError.badJSON(file: file, error)
        }
        configuration = try ModelConfiguration(json: json)
        let dtype = json["dtype"]?.string ?? json["torch_dtype"]?.string
        weightBytes = dtype == "float32" ? 4 : 2
    }
}

extension Quantize {
    /// Says what the run takes on one machine, and divided into tasks on several.
    func showPlan(_ printer: ProgressPrinter) async throws {
        let planned = try await PlannedModel(model, printer)
        let (asked, handler, file) = (request, printer.handler, rates)
        let (rate, cost, tasks) = try await runBlocking {
            let rate =
                try file.map { try Self.rate(in: $0) }
                ?? measureRate(for: planned.configuration, asked, progress: handler)
            return (
                rate,
                try estimateCost(
                    of: planned.configuration,
                    asked,
                    weightBytes: planned.weightBytes,
                    rate: rate
                ),
                try estimateTasks(
                    of: planned.configuration,
                    asked,
                    weightBytes: planned.weightBytes,
                    rate: rate
                )
            )
        }
        printer.finish()
        result.show(
            planJSON(asked, rate, cost, tasks),
            text: planText(asked, rate, cost, tasks)
        )
    }

    private static func rate(in path: String) throws -> MachineRate {
        guard let json = try? JSON(parsing: readFile(path, limit: 1 << 20)),
            let rate = MachineRate(json["rate"] ?? json)
        else { throw RateFileError(path: path) }
        return rate
    }

    /// The numbers of machines that are told of.
    private var nodeCounts: [Int] {
        let usual = [1, 2, 4, 8, 16, 32, 64]
        return engine.sbatch.arraySize.map { Set(usual + [$0]).sorted() } ?? usual
    }

    private func planText(
        _ request: QuantizationRequest,
        _ rate: MachineRate,
        _ cost: QuantizationCost,
        _ tasks: [TaskCost]
    ) -> String {
        var parts = TextTable(["one process", "CPU hours"])
        for part in cost.parts { parts.add(part.name, hours(part.cpuSeconds)) }
        parts.add("all", hours(cost.cpuSeconds))
        var table = TextTable([
            "task", "count", "CPU hours each", "memory", "reads", "writes",
        ])
        for task in tasks {
            table.add(
                task.phase.rawValue,
                "\(task.count)",
                hours(task.cpuSeconds),
                byteText(task.peakMemory),
                byteText(task.bytesRead),
                byteText(task.bytesWritten)
            )
        }
        let all = tasks.reduce(0) { $0 + Double($1.count) * $1.cpuSeconds }
        let storage = tasks.reduce(0) { $0 + $1.count * $1.bytesWritten }
        table.add("all", "\(tasks.reduce(0) { $0 + $1.count })", hours(all))
        var nodes = TextTable(["nodes", "hours, targets independent"])
        for count in nodeCounts {
            nodes.add(
                "\(count)",
                hours(wallSeconds(tasks, nodes: count, threads: request.threads))
            )
        }
        return """
            \(request.scheme), effort \(request.effort.rawValue), \(request.tokens) tokens, targets \
            \(request.targets.rawValue)
            This machine: \(decimal(rate.products * 1e-9, digits: 1)) GFLOP/s a thread, \(request.threads) threads: \
            \(hours(cost.cpuSeconds / Double(request.threads))) hours, \(byteText(cost.peakMemory)) of memory, \
            \(byteText(cost.bytesRead)) read; the result has \(byteText(cost.artifactBytes)).

            \(parts.text)

            Divided into tasks of \(request.threads) threads each (--engine slurm):
            \(table.text)
            What they write takes \(byteText(storage)) of shared storage.

            \(nodes.text)
            """
    }

    private func hours(_ seconds: Double) -> String {
        decimal(seconds / 3600, digits: seconds < 360 ? 4 : seconds < 36000 ? 2 : 1)
    }

    private func planJSON(
        _ request: QuantizationRequest,
        _ rate: MachineRate,
        _ cost: QuantizationCost,
        _ tasks: [TaskCost]
    ) -> JSON {
        .object([
            "scheme": .string("\(request.scheme)"), "effort": .string(request.effort.rawValue),
            "tokens": .integer(request.tokens), "targets": .string(request.targets.rawValue),
            "threads": .integer(request.threads), "rate": rate.json,
            "cpu_seconds": .number(cost.cpuSeconds),
            "seconds": .number(cost.cpuSeconds / Double(request.threads)),
            "peak_memory": .integer(cost.peakMemory), "bytes_read": .integer(cost.bytesRead),
            "artifact_bytes": .integer(cost.artifactBytes),
            "parts": .array(
                cost.parts.map {
                    .object(["name": .string($0.name), "cpu_seconds": .number($0.cpuSeconds)])
                }
            ),
            "tasks": .array(
                tasks.map {
                    .object([
                        "phase": .string($0.phase.rawValue), "count": .integer($0.count),
                        "cpu_seconds": .number($0.cpuSeconds),
                        "peak_memory": .integer($0.peakMemory),
                        "bytes_read": .integer($0.bytesRead),
                        "bytes_written": .integer($0.bytesWritten),
                    ])
                }
            ),
            "nodes": .array(
                nodeCounts.map {
                    .object([
                        "nodes": .integer($0),
                        "seconds": .number(
                            wallSeconds(tasks, nodes: $0, threads: request.threads)
                        ),
                    ])
                }
            ),
        ])
    }
}
