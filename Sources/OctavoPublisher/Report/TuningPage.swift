import OctavoQuantizer

extension TuningReport {
    /// The report as one page of HTML.
    public var html: String {
        reportPage(
            title: title,
            kind: "tuning report",
            toolVersion,
            """
            <main>
            \(headline)
            \(alertsSection(warnings))
            \(lossSection)
            \(codeSection)
            \(speedSection)
            \(settingsSection)
            </main>
            """
        )
    }

    private var headline: HTML {
        let text = tuning.text.text.joined(separator: ", ")
        let towards = original.isEmpty ? "" : ", compared with \(original)"
        return """
            <header>
            <p class="kicker">Tuning report</p>
            <h1>\(title)</h1>
            <p class="made">AQLM \(scheme), objective \(tuning.objective.rawValue)\(towards), on \(text)</p>
            <div class="tiles">
            \(tiles)
            </div>
            </header>
            """
    }

    private var tiles: [HTML] {
        let (before, after) = (tuning.lossBefore, tuning.lossAfter)
        var tiles = [
            tile(
                known(after),
                "\(tuning.objective.lossName), held out",
                "\(known(before)) before"
            ),
            tile(
                "\(tuning.bestStep)",
                "steps to the best model",
                "of \(tuning.steps) that were made"
            ),
        ]
        let time = seconds.filter { $0.isFinite && $0 >= 0 }.reduce(0, +)
        let tokens = course.made.reduce(0) { $0 + $1.tokens }
        if time > 0 {
            tiles.append(
                tile(
                    durationText(time),
                    "of steps",
                    "\(decimal(Double(tokens) / time, digits: 0)) tokens a second"
                )
            )
        }
        if tokens > 0 {
            tiles.append(
                tile(
                    groupedText(tokens),
                    "tokens in all steps",
                    "\(groupedText(tuning.text.tokens)) different ones"
                )
            )
        }
        return tiles
    }

    private func known(_ loss: Double) -> String {
        loss.isFinite ? decimal(loss, digits: 4) : "no number"
    }

    private var lossSection: HTML {
        guard !course.evaluations.isEmpty else { return "" }
        let training = course.made.enumerated().map { (step: $0.offset, value: $0.element.loss) }
        let chart = CourseChart(
            id: "course",
            title: "Loss of the training text and of the held-out text, by step",
            summary:
                "Held out \(known(tuning.lossBefore)) before the first step, best after step \(tuning.bestStep).",
            series: [
                .init(style: "before", name: "training", values: training),
                .init(
                    style: "",
                    name: "held out",
                    values: course.evaluations.map { ($0.step, $0.loss) },
                    isMarked: true
                ),
            ],
            steps: course.steps,
            ringed: tuning.bestStep
        )
        return """
            <section id="course">
            <h2>Loss from step to step</h2>
            <p class="lead">\(meaning) The model of the ringed step was kept. A training loss that goes on \
            falling while the held-out one rises tells that the model learns its text by heart.</p>
            <p class="key"><svg width="30" height="10" aria-hidden="true"><line class="line before" x1="0" \
            x2="30" y1="5" y2="5"/></svg> the step’s own text \
            <svg width="30" height="10" aria-hidden="true"><line class="line" x1="0" x2="30" y1="5" y2="5"/>\
            <circle class="mark" cx="15" cy="5" r="3"/></svg> held-out text</p>
            <figure class="wide">
            \(chart.html)
            </figure>
            \(evaluationTable)
            </section>
            """
    }

    private var meaning: String {
        switch tuning.objective {
        case .divergence:
            "How far the model’s predictions are from the original’s, KL(original ‖ model) in nats a token."
        case .crossEntropy:
            "How little the model expects what the text says next, in nats a token that is learned."
        case .mixed:
            "Cross-entropy of the text and KL to the original, weighted, in nats a token that is learned."
        }
    }

    private var evaluationTable: HTML {
        let rows: [HTML] = course.evaluations.map { evaluation in
            let mark: HTML = evaluation.step == tuning.bestStep ? "<span>best</span>" : ""
            return """
                <tr><th scope="row">\(evaluation.step)\(mark)</th><td>\(known(evaluation.loss))</td></tr>
                """
        }
        return """
            <details><summary>Every measurement in numbers</summary>
            <div class="scroll"><table>
            <thead><tr><th scope="col">Step</th><th scope="col">Held-out loss</th></tr></thead>
            <tbody>
            \(rows)
            </tbody></table></div></details>
            """
    }

    private var codeSection: HTML {
        let changed = course.made.map(\.changedGroups)
        guard groups > 0, changed.contains(where: { $0 > 0 }) else { return "" }
        let values = changed.enumerated().map { index, count in
            (step: index + 1, value: 100 * Double(count) / Double(groups))
        }
        let total = changed.reduce(0, +)
        let chart = CourseChart(
            id: "recoded",
            title: "Groups with other codes, in percent of all, by step",
            summary: "\(groupedText(total)) changes of \(groupedText(groups)) groups.",
            series: [.init(style: "", name: "recoded", values: values)],
            steps: course.steps,
            height: 128
        )
        return """
            <section id="recoded">
            <h2>Codes that changed</h2>
            <p class="lead">How many groups of weights got other codes in each step, in percent of all \
            \(groupedText(groups)). In all \(groupedText(total)) times; a group may change more than once.</p>
            <figure class="wide">
            \(chart.html)
            </figure>
            </section>
            """
    }

    private var speedSection: HTML {
        let values = zip(course.made, seconds).enumerated().compactMap { index, pair in
            pair.1 > 0 && pair.1.isFinite
                ? (step: index + 1, value: Double(pair.0.tokens) / pair.1) : nil
        }
        guard values.count > 1 else { return "" }
        let chart = CourseChart(
            id: "speed",
            title: "Tokens a second, by step",
            summary: "\(groupedText(course.made.reduce(0) { $0 + $1.tokens })) tokens in all.",
            series: [.init(style: "", name: "tokens a second", values: values)],
            steps: course.steps,
            height: 128
        )
        return """
            <section id="speed">
            <h2>Tokens a second</h2>
            <p class="lead">Of each step, on the clock, measurements and waiting between them aside. A dip \
            tells that the machine did something else.</p>
            <figure class="wide">
            \(chart.html)
            </figure>
            </section>
            """
    }

    private var settingsSection: HTML {
        guard !settings.isEmpty || !command.isEmpty else { return "" }
        return """
            <section>
            <h2>How it was made</h2>
            \(settingsList(settings))
            \(commandBlock(command))
            </section>
            """
    }
}
