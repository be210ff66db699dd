import OctavoBase
import OctavoCheckpoint
import OctavoPublisher

/// A model's description on one screen.
///
/// - Parameters:
///   - subject: What was found.
///   - name: The model as the command line names it.
///   - preview: What a scheme would make of it.
///   - report: A measurement to show along.
///   - fetched: What came of it over the network, if it is elsewhere.
///   - listsTensors: Whether to list every tensor.
///   - width: The columns of the screen.
/// - Returns: Lines.
func inspectionText(
    _ subject: ModelInspection,
    named name: String,
    _ preview: SchemePreview?,
    _ report: EvaluationReport?,
    _ fetched: FetchedContainer?,
    listsTensors: Bool,
    width: Int
) -> String {
    var facts = FactList(width: width)
    facts.add("model", name)
    facts.add(
        "format",
        subject.format.rawValue + (subject.aqlm.map { ", AQLM \(schemeText($0))" } ?? "")
    )
    facts.add("family", subject.family)
    facts.add("not run", subject.obstacle)
    facts.add("shape", shapeText(subject.shape))
    facts.add("weights", weightText(subject))
    facts.add(
        "types",
        typeCounts(subject).map { "\($0.tensors) \($0.type) (\(byteText($0.bytes)))" }
            .joined(separator: ", ")
    )
    facts.add("files", filesText(subject.weightFiles))
    if let container = subject.container {
        facts.add("content id", container.id.hex)
        facts.add("stored", storedText(container))
    }
    facts.add("fetched", fetched.map { "\(byteText($0.bytes)) of commit \($0.commit)" })
    facts.add("tokenizer", subject.tokenizer.map(tokenizerText) ?? "none")
    facts.add("license", licenseText(subject))
    facts.add("beside", subject.sideFiles.map(\.name).joined(separator: ", "))
    if let preview { facts.add("as \(preview.scheme)", previewText(preview, of: subject)) }
    var parts = [facts.text, groupTable(subject.groups)]
    if subject.aqlm != nil { parts.append(sizeTable(subject.sizes)) }
    if let record = subject.record { parts.append(lossTable(record.layers)) }
    if let report { parts.append(evaluationText(report)) }
    if listsTensors { parts.append(tensorTable(subject.tensors)) }
    if !subject.findings.isEmpty { parts.append(findingText(subject.findings, width: width)) }
    return parts.joined(separator: "\n\n")
}

/// A scheme as it is written; groups of several rows have a name of their own.
func schemeText(_ parameters: AQLMParameters) -> String {
    let rows = parameters.outGroup > 1 ? " over \(parameters.outGroup) rows" : ""
    return "\(parameters.codebooks)x\(parameters.bits)g\(parameters.inGroup)" + rows
}

private func shapeText(_ shape: ModelShape) -> String {
    var parts: [String] = []
    func add(_ size: ModelShape.Size, _ text: (String) -> String) {
        if let value = shape[size] { parts.append(text(groupedText(value))) }
    }
    add(.layers) { "\($0) layers" }
    add(.hidden) { "width \($0)" }
    add(.intermediate) { "feed-forward \($0)" }
    add(.heads) { heads in
        "\(heads) heads" + (shape[.keyValueHeads].map { " on \(groupedText($0))" } ?? "")
            + (shape[.headDimension].map { " of \(groupedText($0))" } ?? "")
    }
    add(.experts) { experts in
        "\(experts) experts" + (shape[.activeExperts].map { ", \($0) at a time" } ?? "")
    }
    add(.vocabulary) { "\($0) tokens" }
    add(.context) { "context \($0)" }
    add(.window) { "window \($0)" }
    return parts.joined(separator: ", ")
}

private func weightText(_ subject: ModelInspection) -> String {
    let sizes = subject.sizes
    let quantized =
        sizes.quantizedBits.map {
            ", \(decimal($0, digits: 3)) in the quantized layers"
        } ?? ""
    return "\(countText(sizes.quantizedWeights + sizes.otherWeights)) in "
        + "\(groupedText(subject.tensors.count)) tensors, \(byteText(sizes.totalBytes)), "
        + "\(decimal(sizes.totalBits, digits: 3)) bits per weight" + quantized
}

private func filesText(_ files: [ModelInspection.FileSize]) -> String {
    guard files.count > 2, let first = files.first, let last = files.last else {
        return files.map { "\($0.name) (\(byteText($0.bytes)))" }.joined(separator: ", ")
    }
    return "\(files.count) shards, \(first.name) to \(last.name) "
        + "(\(byteText(files.reduce(0) { $0 + $1.bytes })))"
}

/// How much smaller a container is than its files, and in which encodings they are.
private func storedText(_ container: ContainerFacts) -> String {
    let share = Double(container.size) / Double(max(1, container.contentSize))
    let encodings = container.encodings.map {
        "\(byteText($0.bytes)) as \($0.name) in \(byteText($0.stored))"
    }
    return
        "\(container.files.count) files of \(byteText(container.contentSize)) in \(percentText(share)): "
        + encodings.joined(separator: ", ")
}

private func tokenizerText(_ tokenizer: TokenizerFacts) -> String {
    var parts = [tokenizer.kind]
    if let count = tokenizer.vocabulary { parts.append("\(groupedText(count)) tokens") }
    parts += tokenizer.special.map { "\($0.role) \($0.token)" }
    parts.append(tokenizer.hasChatTemplate ? "chat template" : "no chat template")
    return parts.joined(separator: ", ")
}

private func licenseText(_ subject: ModelInspection) -> String {
    let files = subject.sideFiles.map(\.name).filter(isLegalText)
    let parts = [subject.license ?? "not declared"] + files
    return parts.joined(separator: ", ")
}

private func previewText(_ preview: SchemePreview, of subject: ModelInspection) -> String {
    let sizes = preview.sizes
    let share = Double(sizes.totalBytes) / Double(max(1, subject.sizes.totalBytes))
    guard preview.linears > 0 else { return "there is no linear to quantize" }
    return "\(byteText(sizes.totalBytes)), \(percentText(share)) of what it is; "
        + "\(groupedText(preview.linears)) linears at "
        + "\(decimal(sizes.quantizedBits ?? 0, digits: 3)) bits, all at "
        + "\(decimal(sizes.totalBits, digits: 3))"
        + (preview.kept.isEmpty ? "" : "; kept: " + preview.kept.joined(separator: ", "))
}

/// Matrices by kind, and how many vectors there are beside them.
private func groupTable(_ groups: [TensorGroup]) -> String {
    var table = TextTable(["weights", "count", "shape", "type", "bytes"])
    for group in groups where group.shape.count > 1 {
        table.add(
            group.pattern,
            "\(group.count)",
            group.shape.map(String.init).joined(separator: " × "),
            group.type,
            byteText(group.bytes)
        )
    }
    let vectors = groups.filter { $0.shape.count < 2 }
    if !vectors.isEmpty {
        table.add(
            "vectors",
            "\(vectors.reduce(0) { $0 + $1.count })",
            "",
            Set(vectors.map(\.type)).sorted().joined(separator: ", "),
            byteText(vectors.reduce(0) { $0 + $1.bytes })
        )
    }
    return table.text
}

private func tensorTable(_ tensors: [InspectedTensor]) -> String {
    var table = TextTable(["tensor", "type", "shape"])
    for tensor in tensors { table.add(tensor.name, tensor.type, "\(tensor.shape)") }
    return table.text
}

/// Faults, then limits of readers: the code, who stumbles, what is so, what to do.
private func findingText(_ findings: [InspectionFinding], width: Int) -> String {
    func list(_ title: String, _ findings: [InspectionFinding]) -> [String] {
        guard !findings.isEmpty else { return [] }
        let items = findings.map { finding in
            let readers =
                finding.readers.isEmpty ? "" : " for \(finding.readers.joined(separator: ", "))"
            return wrapped("- \(finding.code)\(readers): \(finding.sentence)", width, indent: 2)
                + "\n" + wrapped("  → \(remedy(for: finding))", width, indent: 4)
        }
        return [title + "\n" + items.joined(separator: "\n")]
    }
    let parts =
        list("faults", findings.filter(\.isFault))
        + list("limits of readers", findings.filter { !$0.isFault })
    return parts.joined(separator: "\n\n")
}
