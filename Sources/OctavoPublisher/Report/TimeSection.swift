extension QuantizationReport {
    /// Where the time went.
    var timeSection: HTML {
        guard !stages.isEmpty else { return "" }
        let longest = stages.flatMap { [$0.seconds, $0.cpuSeconds] }.compactMap(known).max() ?? 0
        let wall = stages.compactMap { known($0.seconds) }.reduce(0, +)
        let cpu = stages.compactMap { known($0.cpuSeconds) }.reduce(0, +)
        let hasCPU = stages.contains { known($0.cpuSeconds) != nil }
        let resumed: HTML =
            resumedBlocks == 0
            ? ""
            : """
             Layers of \(resumedBlocks) of \(blockCount) blocks were taken over from an earlier run, whose time is \
            not counted here.
            """
        return """
            <section id="time">
            <h2>Where the time went</h2>
            <p class="lead">The upper bar is time on the clock, the lower one processor time on all threads. \
            Good is a lower bar as many times longer than the upper one as there are threads: then no thread \
            stood idle.\(resumed)</p>
            <div class="scroll"><table class="times">
            <thead><tr><th scope="col">Stage</th><th scope="col" class="wide"><span>Bars</span></th>\
            <th scope="col">Clock</th><th scope="col">Processor</th></tr></thead>
            <tbody>
            \(stages.map { row($0, longest) })
            </tbody>
            <tfoot><tr><th scope="row">all</th><td class="wide"></td><td>\(durationText(wall))</td>\
            <td>\(hasCPU ? durationText(cpu) : "–")</td></tr></tfoot></table></div>
            </section>
            """
    }

    /// A duration that is one.
    func known(_ seconds: Double?) -> Double? {
        seconds.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }

    private func row(_ stage: Stage, _ longest: Double) -> HTML {
        func bar(_ style: HTML, _ seconds: Double?, y: Int, height: Int) -> HTML {
            guard let seconds = known(seconds), longest > 0 else { return "" }
            return """
                <rect class="\(style)" width="\(percent(seconds / longest))" y="\(y)" height="\(height)"/>
                """
        }
        let (clock, processor) = (known(stage.seconds), known(stage.cpuSeconds))
        return """
            <tr><th scope="row">\(stage.name)</th><td class="wide"><svg class="bar" height="16" \
            aria-hidden="true">\(bar("clock", clock, y: 1, height: 8))\
            \(bar("processor", processor, y: 11, height: 4))</svg></td>\
            <td>\(clock.map(durationText) ?? "–")</td><td>\(processor.map(durationText) ?? "–")</td></tr>
            """
    }
}
