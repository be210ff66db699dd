/// What a licence asks of the card and the name of a model that is made of another.
struct LicenseTerms {
    /// The sentences that the card must show.
    let attributions: [String]
    /// What the model's name must begin with; nil if it may be any.
    let namePrefix: String?

    private init(_ attributions: [String], name prefix: String? = nil) {
        self.attributions = attributions
        namePrefix = prefix
    }

    /// The terms of a licence; nil for one that asks for nothing but its own text to go along.
    ///
    /// - Parameters:
    ///   - license: Its id, as hubs spell it.
    ///   - name: Its name, where the id is `other`.
    /// - Returns: What it demands.
    static func of(_ license: String, name: String? = nil) -> LicenseTerms? {
        license == "other"
            ? name.flatMap { table[$0.lowercased()] } : table[license.lowercased()]
    }

    private static let table: [String: LicenseTerms] = [
        // Llama 2 Community License, 1.b.iii: the notice that each copy retains.
        "llama2": LicenseTerms([
            "Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta Platforms, Inc. "
                + "All Rights Reserved."
        ]),
        // Meta Llama 3 Community License, 1.b.i: the display and the name; 1.b.iii: the notice.
        "llama3": LicenseTerms(
            [
                "Built with Meta Llama 3",
                "Meta Llama 3 is licensed under the Meta Llama 3 Community License, Copyright © Meta Platforms, "
                    + "Inc. All Rights Reserved.",
            ],
            name: "Llama 3"
        ),
        "llama3.1": llama("Llama 3.1"),
        "llama3.2": llama("Llama 3.2"),
        "llama3.3": llama("Llama 3.3"),
        "llama4": llama("Llama 4"),
        // Gemma Terms of Use, 3.1: the "Notice" text that goes along with a distribution.
        "gemma": LicenseTerms([
            "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms"
        ]),
        // Qwen License Agreement, 4.b: the display in a product's documentation; 3.c: the notice.
        "qwen": qwen("Qwen LICENSE AGREEMENT"),
        "qwen-research": qwen("Qwen RESEARCH LICENSE AGREEMENT"),
    ]

    /// Llama 3.1, 3.2, 3.3 and 4 Community Licenses, 1.b.i: the display and the name; 1.b.iii: the notice.
    private static func llama(_ model: String) -> LicenseTerms {
        LicenseTerms(
            [
                "Built with Llama",
                "\(model) is licensed under the \(model) Community License, Copyright © Meta Platforms, Inc. "
                    + "All Rights Reserved.",
            ],
            name: "Llama"
        )
    }

    private static func qwen(_ agreement: String) -> LicenseTerms {
        LicenseTerms([
            "Built with Qwen",
            "Qwen is licensed under the \(agreement), Copyright (c) Alibaba Cloud. All Rights Reserved.",
        ])
    }

    /// Whether a model's name begins as the licence wants it: in any case, dashes and dots standing for spaces.
    func allows(name: String) -> Bool {
        guard let namePrefix else { return true }
        func words(_ text: String) -> String {
            String(text.lowercased().map { $0 == "-" || $0 == "_" ? " " : $0 })
        }
        return words(name).hasPrefix(words(namePrefix))
    }
}

/// The licence ids that the hub knows (hub-docs, repositories-licenses).
let knownLicenses: Set<String> = [
    "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0",
    "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause",
    "bsd-3-clause",
    "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0",
    "cc-by-4.0", "cc-by-sa-3.0",
    "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0",
    "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0",
    "etalab-2.0", "eupl-1.1",
    "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0",
    "isc", "h-research",
    "intel-research", "lppl-1.3c", "ms-pl", "apple-ascl", "apple-amlr", "mpl-2.0", "odc-by", "odbl",
    "openmdw-1.0",
    "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib", "pddl",
    "lgpl-lr",
    "deepfloyd-if-license", "fair-noncommercial-research-license", "llama2", "llama3", "llama3.1",
    "llama3.2",
    "llama3.3", "llama4", "grok2-community", "gemma", "unknown", "other",
]
