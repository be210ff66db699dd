import OctavoBase
import Yams

extension CardCheck {
    /// The rules of the metadata (hub-docs, modelcard.md).
    mutating func check(_ matter: FrontMatter, _ card: CardText) {
        checkLanguage(matter)
        checkLicense(matter, card)
        checkBase(matter)
        for key in ["tags", "datasets", "metrics"] { checkWords(key, matter) }
        checkPipeline(matter)
        if text("library_name", matter) == nil {
            add(
                "library_name",
                line("library_name", matter),
                "no library_name",
                expected: "one, as transformers: hubs no longer guess it",
                isFault: false
            )
        }
        checkModelIndex(matter)
    }

    private mutating func checkLanguage(_ matter: FrontMatter) {
        guard let node = matter["language"], !node.isNothing else { return }
        let items: [Node] = if case .sequence(let items) = node { Array(items) } else { [node] }
        for item in items {
            guard let scalar = item.scalar, !item.isA(.bool) else {
                let word =
                    item.scalar.map { "\"\(printable($0.string))\", a truth value to YAML" }
                    ?? item.kind
                add(
                    "language",
                    matter.line(item),
                    word,
                    expected: item.scalar.map { "\"\($0.string)\" in quotes" } ?? "a language code"
                )
                continue
            }
            let code = scalar.string
            // ISO 639-1 to 639-3, with a script or region behind it, or what the hub has besides.
            let parts = code.split(separator: "-", omittingEmptySubsequences: false)
            let isCode =
                ["code", "multilingual"].contains(code)
                || (parts.first.map {
                    (2...3).contains($0.count) && $0.allSatisfy { ("a"..."z").contains($0) }
                }
                    ?? false)
                    && parts.dropFirst().allSatisfy {
                        (2...8).contains($0.count)
                            && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
                    }
            if !isCode {
                add(
                    "language",
                    matter.line(item),
                    "\"\(printable(code))\"",
                    expected: "an ISO 639 code in lower case, as en"
                )
            }
        }
    }

    private mutating func checkLicense(_ matter: FrontMatter, _ card: CardText) {
        let licenses = texts("license", matter)
        let place = line("license", matter)
        if licenses.isEmpty {
            if !findings.contains(where: { $0.rule == "license" }) {
                add("license", place, "no license", expected: "a license id, as apache-2.0")
            }
            return
        }
        for license in licenses where !knownLicenses.contains(license) {
            let near =
                nearestName(to: license, in: knownLicenses.sorted()).map { ", as \"\($0)\"" } ?? ""
            add(
                "license",
                place,
                "\"\(printable(license))\"",
                expected:
                    "a license id that hubs know\(near), or other with license_name and license_link"
            )
        }
        let (name, link) = (text("license_name", matter), text("license_link", matter))
        if licenses.contains("other") {
            for (key, value) in [("license_name", name), ("license_link", link)] where value == nil
            {
                add(
                    key,
                    place,
                    "license: other without \(key)",
                    expected: "both license_name and license_link"
                )
            }
        } else {
            for (key, value) in [("license_name", name), ("license_link", link)] where value != nil
            {
                add(
                    key,
                    line(key, matter),
                    "\(key) beside license: \(licenses[0])",
                    expected: "it with license: other alone",
                    isFault: false
                )
            }
        }
        if let link { checkLink(link, line("license_link", matter)) }
        checkTerms(licenses, name, card, place)
    }

    private mutating func checkLink(_ link: String, _ place: Int?) {
        if link.hasPrefix("https://") || link.hasPrefix("http://") { return }
        guard let directory, !link.hasPrefix("/"), !link.split(separator: "/").contains("..") else {
            if directory == nil, !link.hasPrefix("/") { return }
            return add(
                "license_link",
                place,
                "\"\(printable(link))\"",
                expected: "a URL, or a file of the repository"
            )
        }
        if fileKind(joined(directory, link)) != .file {
            add(
                "license_link",
                place,
                "\"\(printable(link))\", which is not there",
                expected: "a file beside the card"
            )
        }
    }

    /// What the licence demands of the card and of the name.
    private mutating func checkTerms(
        _ licenses: [String],
        _ licenseName: String?,
        _ card: CardText,
        _ place: Int?
    ) {
        let text = card.lines[min(card.firstTextLine, card.lines.count)...].joined(separator: " ")
        for license in licenses {
            guard let terms = LicenseTerms.of(license, name: licenseName) else { continue }
            for sentence in terms.attributions where !text.contains(sentence) {
                add(
                    "attribution",
                    place,
                    "no \"\(sentence)\"",
                    expected: "it on the card, as \(license) demands"
                )
            }
            guard let last = name?.split(separator: "/").last.map(String.init) else { continue }
            if !terms.allows(name: last), let prefix = terms.namePrefix {
                add(
                    "name",
                    nil,
                    "the name \"\(printable(last))\"",
                    expected: "one that begins with \"\(prefix)\", as \(license) demands",
                    isFault: false
                )
            }
        }
    }

    private mutating func checkBase(_ matter: FrontMatter) {
        let bases = texts("base_model", matter)
        for base in bases where !isRepositoryName(base) {
            add(
                "base_model",
                line("base_model", matter),
                "\"\(printable(base))\"",
                expected: "a repository, OWNER/NAME: a path is a dead link there"
            )
        }
        let relations = ["quantized", "finetune", "adapter", "merge"]
        let relation = text("base_model_relation", matter)
        if let relation, !relations.contains(relation) {
            add(
                "base_model_relation",
                line("base_model_relation", matter),
                "\"\(printable(relation))\"",
                expected: "one of \(relations.joined(separator: ", "))"
            )
        }
        if relation == nil, !bases.isEmpty, matter["base_model_relation"] == nil {
            add(
                "base_model_relation",
                line("base_model", matter),
                "base_model without base_model_relation",
                expected: "one of \(relations.joined(separator: ", ")): hubs would guess",
                isFault: false
            )
        }
    }

    /// A list of words, none of them something else to YAML.
    private mutating func checkWords(_ key: String, _ matter: FrontMatter) {
        guard let node = matter[key], !node.isNothing else { return }
        guard case .sequence(let items) = node else {
            // One data set may stand without a list; a tag may not.
            if key != "tags", node.scalar != nil { return }
            return add(
                key,
                matter.line(node),
                "\"\(key)\" is \(node.kind)",
                expected: "a list of texts"
            )
        }
        for item in items where item.scalar == nil || !item.isA(.str) {
            let found =
                item.scalar.map { "\"\(printable($0.string))\", \(item.kind) to YAML" } ?? item.kind
            add(key, matter.line(item), found, expected: "a text, in quotes if need be")
        }
    }

    private mutating func checkPipeline(_ matter: FrontMatter) {
        guard let task = text("pipeline_tag", matter) else { return }
        let isTask = task.allSatisfy { ("a"..."z").contains($0) || $0.isNumber || $0 == "-" }
        if !isTask {
            add(
                "pipeline_tag",
                line("pipeline_tag", matter),
                "\"\(printable(task))\"",
                expected: "a task's id, as text-generation"
            )
        }
    }
}
