import OctavoBase
import OctavoPublisher

/// Measurements as the command line prints them: where there is one text, its figures stand at the top too.
func measurementsJSON(_ measured: ArtifactMeasurements) -> JSON {
    guard measured.evaluations.count == 1, let only = measured.evaluations.first?.json.object,
        var all = measured.json.object
    else { return measured.json }
    for (key, value) in only { all[key] = value }
    return .object(all)
}

/// Measurements for people, a paragraph each.
func measurementsText(_ measured: ArtifactMeasurements) -> String {
    var parts = measured.evaluations.map(evaluationText)
    if !measured.tasks.isEmpty { parts.append(taskTable(measured.tasks)) }
    if let speed = measured.speed { parts.append(speedText(speed, measured.machine)) }
    parts += measured.samples.map { sample in
        "prompt  \(sample.prompt)\nadded   \(sample.text)\(sample.isEnded ? " (end)" : "")"
    }
    return parts.joined(separator: "\n\n")
}

private func taskTable(_ tasks: [TaskReport]) -> String {
    var table = TextTable(["task", "questions", "measure", "model", "original"])
    for task in tasks {
        table.add(
            task.name,
            "\(task.questions)",
            "acc",
            accuracyText(task.score.plain),
            task.original.map { accuracyText($0.plain) } ?? ""
        )
        table.add(
            "",
            "",
            "acc_norm",
            accuracyText(task.score.normalized),
            task.original.map { accuracyText($0.normalized) } ?? ""
        )
    }
    return table.text
}

private func speedText(_ speed: SpeedReport, _ machine: MeasuringMachine) -> String {
    """
    reading            \(decimal(speed.promptRate, digits: 1)) tokens per second (a prompt of \(speed.promptTokens))
    writing            \(decimal(speed.decodingRate, digits: 1)) tokens per second (\(speed.addedTokens) behind it)
    peak memory        \(speed.peakMemory.map(byteText) ?? "not measured")
    machine            \(machine.text)
    """
}
