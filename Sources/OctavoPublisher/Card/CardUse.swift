import OctavoBase

extension ModelCard {
    /// What readers need to use, check and cite the model.
    var useFacts: [String: TemplateValue] {
        [
            "place": .text(place),
            "isTransformers": .flag(output == .transformers), "isGGUF": .flag(output == .gguf),
            "isContainer": .flag(output == .aqlm),
            "snippets": .list((snippets.isEmpty ? usualSnippets : snippets).map(facts(on:))),
            "notes": .list(notes.map { ["text": .text($0)] }),
            "limits": .list(limits.map { ["text": .text($0)] }),
            "isSigned": .flag(signature != nil),
            "signatures": .optional(
                signature.map {
                    [
                        "file": .text(code($0.file)), "fingerprint": .text(code($0.fingerprint)),
                        "key": .text(code($0.publicKey ?? "PUBLIC.pem")),
                    ]
                }
            ),
            "hasChanges": .flag(!changes.isEmpty),
            "changes": .list(
                changes.map { ["tag": .text(code($0.tag)), "text": .text(line($0.text))] }
            ),
            "sections": .list(
                sections.map { ["title": .text(line($0.title)), "text": .text(embedded($0.text))] }
            ),
            "citations": .list((citations.map(fenced) + ownCitations).map { ["text": .text($0)] }),
        ]
    }

    private var place: String { repository.map(code) ?? "PATH_OR_REPO" }

    /// What loads this kind of files, though nobody has tried it with these.
    private var usualSnippets: [CardSnippet] {
        switch output {
        case .transformers, .dense:
            let isQuantized = output == .transformers
            return [
                CardSnippet(
                    runtime: "transformers",
                    versions: isQuantized ? "with aqlm 1.1.7" : nil,
                    code: """
                        # pip install transformers accelerate\(isQuantized ? " aqlm[cpu]   (or aqlm[gpu])" : "")
                        from transformers import AutoModelForCausalLM, AutoTokenizer

                        model = AutoModelForCausalLM.from_pretrained("\(place)", dtype="float32")
                        tokenizer = AutoTokenizer.from_pretrained("\(place)")
                        """
                ), octavoSnippet,
            ]
        case .gguf:
            let file = record.files.map(\.path).first { $0.hasSuffix(".gguf") } ?? "MODEL.gguf"
            return [
                CardSnippet(
                    runtime: "llama.cpp",
                    language: "sh",
                    code: "llama-cli -m \(code(file)) -p \"The sea is\" -n 40"
                ), octavoSnippet,
            ]
        case .aqlm: return [octavoSnippet]
        }
    }

    private var octavoSnippet: CardSnippet {
        let model = repository.map { "hub:" + code($0) } ?? place
        return CardSnippet(
            runtime: "octavo",
            versions: record.toolVersion,
            language: "sh",
            code: "octavo generate \(model) --prompt \"The sea is\" --max-tokens 40"
        )
    }

    private func facts(on snippet: CardSnippet) -> [String: TemplateValue] {
        let status =
            switch snippet.execution {
            case .notRun: "not run"
            case .run(let words): "run, " + line(words)
            }
        return [
            "runtime": .text(line(snippet.runtime)),
            "versions": .text(line(snippet.versions ?? "")),
            "language": .text(snippet.language.filter { $0.isLetter || $0.isNumber }),
            "code": .text(fenced(snippet.code)), "fence": .text(fence(for: snippet.code)),
            "status": .text(status),
        ]
    }

    /// What is known to be wrong with those who read these files, each tried with the version named.
    private var notes: [String] {
        guard output == .transformers else {
            return output == .aqlm
                ? [
                    "`.aqlm` files are read by Octavo alone; `octavo unpack` gives the files that transformers reads."
                ]
                : []
        }
        var notes = [
            "On a CPU set `NUMBA_NUM_THREADS=1`: the CPU kernel of aqlm 1.1.7 races with more threads and gives "
                + "wrong logits. It needs scipy too, and `dtype=\"float32\"` for codebooks of 8 bits.",
            "transformers 5 compares `linear_weights_not_to_quantize` with names of modules, 4 with names of "
                + "weights; `config.json` has both spellings, so that `lm_head` is loaded as it is. Files of other "
                + "publishers that have only the old one give garbage in transformers 5.",
            "vLLM reads AQLM up to version 0.10.0; later ones do not.",
        ]
        if record.layers.contains(where: { $0.name.contains(".experts.") }) {
            notes.append(
                "**Not for transformers 5**: it keeps experts in one tensor, does not find these, and goes on with "
                    + "random ones after a warning. Octavo and transformers 4 read them one by one."
            )
        }
        return notes
    }

    private var limits: [String] {
        let contexts =
            allEvaluations.map(\.windowLength).max().map { " longer than \($0) tokens" } ?? ""
        let calibrated =
            record.calibration.isSelfWritten
            ? "what the original writes by itself"
            : record.calibration.text.isEmpty
                ? "text that is not known"
                : record.calibration.text.map(cell).joined(separator: ", ")
        return [
            "Languages: calibrated on \(calibrated); quality in each language apart: not measured.",
            "Contexts\(contexts): not measured.",
            "Tasks beyond those above: not measured.",
            "Chat template: the original's, byte for byte; conversations: not measured.",
            "Safety: not evaluated again.",
        ]
    }

    private var ownCitations: [String] {
        let aqlm = """
            @misc{egiazarian2024extreme,
              title = {Extreme Compression of Large Language Models via Additive Quantization},
              author = {Vage Egiazarian and Andrei Panferov and Denis Kuznedelev and Elias Frantar and Artem Babenko and Dan Alistarh},
              year = {2024}, eprint = {2401.06118}, archivePrefix = {arXiv}
            }
            """
        let tuning = """
            @misc{malinovskii2024pvtuning,
              title = {PV-Tuning: Beyond Straight-Through Estimation for Extreme LLM Compression},
              author = {Vladimir Malinovskii and Denis Mazur and Ivan Ilin and Denis Kuznedelev and Konstantin Burlachenko and Kai Yi and Dan Alistarh and Peter Richtarik},
              year = {2024}, eprint = {2405.14852}, archivePrefix = {arXiv}
            }
            """
        return record.tuning == nil ? [aqlm] : [aqlm, tuning]
    }
}
