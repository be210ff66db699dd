import OctavoBase
import Yams

extension CardCheck {
    /// The rules of `model-index`, as huggingface_hub reads it (`model_index_to_eval_results`).
    mutating func checkModelIndex(_ matter: FrontMatter) {
        guard let index = matter["model-index"], !index.isNothing else { return }
        for model in items(index, "model-index", matter) {
            guard let name = member(model, "name", matter) else { continue }
            if name.scalar == nil { wrong(name, "name", "a text", matter) }
            guard let results = member(model, "results", matter) else { continue }
            for result in items(results, "results", matter) {
                if let task = member(result, "task", matter) { _ = member(task, "type", matter) }
                if let dataset = member(result, "dataset", matter) {
                    _ = member(dataset, "type", matter)
                    _ = member(dataset, "name", matter)
                }
                guard let metrics = member(result, "metrics", matter) else { continue }
                for metric in items(metrics, "metrics", matter) { checkMetric(metric, matter) }
            }
        }
    }

    private mutating func checkMetric(_ metric: Node, _ matter: FrontMatter) {
        _ = member(metric, "type", matter)
        guard let value = member(metric, "value", matter) else { return }
        if value.scalar?.string.lowercased().contains("nan") == true
            || value.float.map({ !$0.isFinite }) == true
        {
            wrong(value, "value", "a finite number", matter)
        }
        if let source = metric.mapping?["source"] { _ = member(source, "url", matter) }
    }

    /// The items of a list.
    private mutating func items(_ node: Node, _ key: String, _ matter: FrontMatter) -> [Node] {
        if case .sequence(let items) = node { return Array(items) }
        wrong(node, key, "a list", matter)
        return []
    }

    /// A member that must be there.
    private mutating func member(_ node: Node, _ key: String, _ matter: FrontMatter) -> Node? {
        guard case .mapping(let mapping) = node else {
            wrong(node, "model-index", "a mapping with \(key)", matter)
            return nil
        }
        guard let value = mapping[Node(key)], !value.isNothing else {
            add("model-index", matter.line(node), "no \(key)", expected: "it, as the hub demands")
            return nil
        }
        return value
    }

    private mutating func wrong(
        _ node: Node,
        _ key: String,
        _ expected: String,
        _ matter: FrontMatter
    ) {
        add("model-index", matter.line(node), "\"\(key)\" is \(node.kind)", expected: expected)
    }
}
