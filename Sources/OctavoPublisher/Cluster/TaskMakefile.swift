import OctavoBase

extension WorkDirectory {
    /// Files that run the tasks without a scheduler of our own: a Makefile, and a script for each phase for `sbatch`.
    ///
    /// - Parameter binary: The program that runs them, by a path that all machines know.
    /// - Throws: What the file system says.
    public func prepareScripts(binary: String) throws {
        try AtomicFile.write(makefile(binary: binary), to: joined(path, "Makefile"))
        let folder = joined(path, "slurm")
        try makeDirectory(folder)
        for phase in ClusterPhase.allCases where plan.count(of: phase) > 0 {
            try AtomicFile.write(
                script(phase, binary: binary),
                to: joined(folder, "\(phase).sh"),
                mode: 0o755
            )
        }
    }

    /// A Makefile whose targets are the files of tasks: `make -C WORKDIR -j 4` does what is not done.
    ///
    /// Files are named relative to it, so that no path has to be quoted but the program's.
    func makefile(binary: String) -> String {
        // A dollar is doubled for make; the shell's quotes keep the rest, but not a number sign.
        let program = shellQuoted(binary).replacing("$", with: "$$").replacing("#", with: "\\#")
        var lines = [
            "# The tasks of a quantization: `make -j 4` in this folder does what is not done, four at a time.",
            "# A task's file is there when it is done.",
            "OCTAVO = \(program)", ".PHONY: all", ".SUFFIXES:", ".DELETE_ON_ERROR:", "",
            "all: tasks/merge.safetensors", "",
        ]
        for phase in ClusterPhase.allCases where plan.count(of: phase) > 0 {
            let files = plan.tasks(of: phase).map(fileName)
            lines.append("\(phase.rawValue) = \(files.joined(separator: " \\\n    "))")
        }
        lines.append("")
        for phase in ClusterPhase.allCases where plan.count(of: phase) > 0 {
            // Only that they are there counts, not when they were made.
            let needs = phase.needs.filter { plan.count(of: $0) > 0 }
            let list = needs.map { " $(\($0.rawValue))" }.joined()
            lines.append("$(\(phase.rawValue)): \(needs.isEmpty ? "" : "|" + list)")
            lines.append(
                "\t$(OCTAVO) job run . --plan \(plan.id) --task $(patsubst tasks/%.safetensors,%,$@)"
            )
            lines.append("")
        }
        return lines.joined(separator: "\n")
    }

    /// What a node runs for a task of a phase.
    func script(_ phase: ClusterPhase, binary: String) -> String {
        let number = ClusterTask.isNumbered(phase) ? "-\"$SLURM_ARRAY_TASK_ID\"" : ""
        return """
            #!/bin/sh
            # Submitted by `octavo`; a task that is done already ends at once.
            exec \(shellQuoted(binary)) job run \(shellQuoted(path)) --plan \(plan.id) --task \(phase)\(number)

            """
    }
}

/// A word that a POSIX shell takes as it is, whatever is in it.
func shellQuoted(_ text: String) -> String {
    "'" + text.replacing("'", with: "'\\''") + "'"
}
