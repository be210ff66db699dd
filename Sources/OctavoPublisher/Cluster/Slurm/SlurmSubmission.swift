import OctavoBase

/// A job that was submitted: its tasks, and the number that Slurm gave it.
public struct SubmittedJob: Sendable, Equatable {
    /// What its tasks do.
    public let phase: ClusterPhase
    /// Its number.
    public let id: Int
    /// The indices of its tasks.
    public let tasks: [Int]
}

extension WorkDirectory {
    /// One call of `sbatch` for each phase that has tasks to do.
    ///
    /// - Parameters:
    ///   - pending: The tasks that are to be done.
    ///   - options: How.
    ///   - memory: The most bytes that a task of each phase takes.
    ///   - dependency: The word that names the job of a phase, for those that wait for it.
    /// - Returns: The calls, in order, each with its phase.
    func submissions(
        of pending: [ClusterTask],
        _ options: SlurmOptions,
        memory: [ClusterPhase: Int],
        dependency: (ClusterPhase) -> String?
    ) -> [(phase: ClusterPhase, words: [String])] {
        ClusterPhase.allCases.compactMap { phase in
            let indices = pending.filter { $0.phase == phase }.map(\.index)
            guard !indices.isEmpty else { return nil }
            return (phase, words(phase, indices, options, memory[phase] ?? 0, dependency))
        }
    }

    private func words(
        _ phase: ClusterPhase,
        _ indices: [Int],
        _ options: SlurmOptions,
        _ memory: Int,
        _ dependency: (ClusterPhase) -> String?
    ) -> [String] {
        // Where Slurm fills numbers in, a percent sign of the path would be taken for one of its own.
        let folder = logs.replacing("\\", with: "\\\\").replacing("%", with: "%%")
        let isArray = ClusterTask.isNumbered(phase)
        var words = [
            "sbatch", "--parsable", "--job-name=octavo-\(phase)-\(plan.id.prefix(8))",
            "--cpus-per-task=\(plan.request.threads)", "--mem=\(Self.megabytes(memory))M",
            "--output=\(folder)/\(phase)\(isArray ? "-%a" : "").log", "--open-mode=append",
            "--requeue", "--kill-on-invalid-dep=yes",
        ]
        if isArray {
            let limit = options.arraySize.map { "%\($0)" } ?? ""
            words.append("--array=\(Self.ranges(indices))\(limit)")
        }
        let needs = phase.needs.compactMap(dependency)
        if !needs.isEmpty {
            words.append("--dependency=" + needs.map { "afterok:\($0)" }.joined(separator: ","))
        }
        return words + options.words + [joined(path, "slurm/\(phase).sh")]
    }

    /// A quarter more than planned, and what a process takes besides.
    private static func megabytes(_ bytes: Int) -> Int { bytes / 4 * 5 / 1_048_576 + 256 }

    /// Numbers as `--array` has them: `0-7,9`.
    static func ranges(_ numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers.sorted() {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        .joined(separator: ",")
    }

    /// The calls of `sbatch` and the scripts that they hand over, as a shell would take them.
    ///
    /// - Parameters:
    ///   - options: How tasks would be submitted.
    ///   - binary: The program that would run them.
    ///   - memory: The most bytes that a task of each phase takes.
    /// - Returns: A script for `sh`.
    func dryRun(_ options: SlurmOptions, binary: String, memory: [ClusterPhase: Int]) -> String {
        let calls = submissions(of: plan.tasks, options, memory: memory) { phase in
            plan.count(of: phase) > 0 ? "$\(phase)" : nil
        }
        var lines = ["#!/bin/sh", "set -e"]
        for (phase, words) in calls {
            lines.append("")
            lines.append("# \(joined(path, "slurm/\(phase).sh")):")
            for line in script(phase, binary: binary).split(separator: "\n") {
                lines.append("#   \(line)")
            }
            // The numbers of jobs are known to the shell alone.
            let quoted = words.map { word in
                word.hasPrefix("--dependency=") ? "\"\(word)\"" : shellQuoted(word)
            }
            lines.append("\(phase)=$(\(quoted.joined(separator: " ")))")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
