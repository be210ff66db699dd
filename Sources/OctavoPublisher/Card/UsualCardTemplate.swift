/// The text of a card behind its metadata (specs: a card's ten points, in their order).
let usualCardTemplate = """
    # {{title}}

    {{#bases}}`{{id}}`{{#revisions}} at commit `{{sha}}`{{/revisions}}{{/bases}}{{^bases}}A language model{{/bases}} \
    quantized with AQLM ([arXiv 2401.06118](https://arxiv.org/abs/2401.06118)), scheme `{{scheme}}`: \
    **{{quantizedBits}} bits per weight** in the quantized layers with their codebooks and scales, \
    {{totalBits}} over the whole model, {{total}} in all{{#originals}}, where the original has {{size}} \
    ({{ratio}} times as much){{/originals}}.
    {{#attributions}}

    **{{text}}**
    {{/attributions}}
    {{#regressions}}

    {{text}}
    {{/regressions}}

    ## Load

    {{#snippets}}
    **{{runtime}}**{{#versions}}, {{versions}}{{/versions}}: {{status}}.

    {{fence}}{{language}}
    {{code}}
    {{fence}}

    {{/snippets}}
    {{#notes}}
    - {{text}}
    {{/notes}}

    ## Quality

    {{#isEvaluated}}
    | text | tokens | original perplexity | quantized perplexity | KL to the original, nats | same likeliest token |
    |---|---:|---:|---:|---:|---:|
    {{#evaluations}}
    | {{text}} | {{tokens}} | {{original}} | {{quantized}} | {{kl}} | {{agreement}} |
    {{/evaluations}}

    Tokens are windows × their length. Windows do not overlap, so the stride is their length; no special tokens are \
    added; every token but a window's first is foretold from those before it in the window. Both models were run by \
    `octavo evaluate`, or by `octavo verify --teacher` where the original wrote the text, side by side.

    {{/isEvaluated}}
    {{^isEvaluated}}
    Perplexity and KL to the original: not measured.

    {{/isEvaluated}}
    {{#hasTasks}}
    | task | questions | measure | original | quantized |
    |---|---:|---|---:|---:|
    {{#tasks}}
    | {{name}} | {{questions}} | {{measure}} | {{original}} | {{quantized}} |
    {{/tasks}}

    Multiple choice without examples: acc chooses by the likelihood of each choice, acc_norm by that over its \
    characters; ± is the standard error.

    {{/hasTasks}}
    {{^hasTasks}}
    Tasks: not measured.

    {{/hasTasks}}
    {{#machines}}
    Measured on {{text}}.

    {{/machines}}
    Squared output error of each kind of layer, relative to its output, on the calibration text{{#isTuned}}, before \
    tuning{{/isTuned}}:

    | layer | count | mean | worst |
    |---|---:|---:|---:|
    {{#kinds}}
    | {{name}} | {{count}} | {{mean}} % | {{worst}} % |
    {{/kinds}}
    {{#hasSamples}}

    ### Samples

    Continued at temperature 0, as the model is, without a chat template; not chosen among others.

    {{#samples}}
    {{fence}}text
    {{prompt}}
    {{fence}}
    is continued by
    {{fence}}text
    {{text}}
    {{fence}}
    {{end}}

    {{/samples}}
    {{/hasSamples}}

    ## Size and speed

    | part | size | share |
    |---|---:|---:|
    {{#parts}}
    | {{name}} | {{size}} | {{share}} % |
    {{/parts}}

    {{#speeds}}
    Reading a prompt of {{promptTokens}} tokens: {{reading}} tokens per second; writing {{addedTokens}} behind it: \
    {{writing}} tokens per second; peak memory, the mapped file included: {{memory}}. Medians of {{runs}} runs of \
    Octavo, one sequence at a time{{#machines}}, on {{text}}{{/machines}}.
    {{/speeds}}
    {{^speeds}}
    Tokens per second and peak memory: not measured.
    {{/speeds}}
    {{#hasVariants}}

    ## Variants

    | variant | size | bits per weight | perplexity | KL to the original, nats |
    |---|---:|---:|---:|---:|
    {{#variants}}
    | {{name}} | {{size}} | {{bits}} | {{perplexity}} | {{kl}} |
    {{/variants}}
    {{#plots}}

    ![Size against quality of the variants]({{path}})
    {{/plots}}
    {{/hasVariants}}

    ## Recipe

    - Calibrated on {{calibration}}{{#calibrationDigest}} (sha256 of the token ids `{{calibrationDigest}}`){{/calibrationDigest}}.
    - Seed {{seed}}, {{threads}} threads, octavo {{version}}{{#commits}}, commit `{{sha}}`{{/commits}}; {{tuning}}.
    {{#exceptions}}
    - {{text}}
    {{/exceptions}}
    {{#embeddings}}
    - Embedding and head were encoded as `{{encoding}}`, with loss; in the `.aqlm` file they take {{size}}. That alone, in \
    the original, costs KL {{kl}} nats and takes the perplexity from {{original}} to {{perplexity}}, on {{tokens}} tokens of \
    the calibration text. Unpacked (`octavo unpack`) they are plain halves, as other programs load them: the sizes above \
    are those of such a directory.
    {{/embeddings}}
    {{#runs}}
    - It took {{time}}; peak memory: {{memory}}{{machine}}.
    {{/runs}}
    {{^runs}}
    - Time and peak memory of the run: not measured.
    {{/runs}}
    {{#sources}}
    - Made from `{{path}}`, sha256 `{{sha256}}`.
    {{/sources}}

    ## Licence

    {{#licenses}}
    `{{id}}`{{#licenseTexts}}: {{name}}, {{link}}{{/licenseTexts}}
    {{/licenses}}
    {{^licenses}}
    Not stated: ask the original's publisher before you use or pass on this model.
    {{/licenses}}
    {{#licenseFiles}}
    - [{{path}}]({{path}})
    {{/licenseFiles}}
    {{#isGated}}

    The original is gated: its publisher gives it only to those who accept its terms, which hold for this model too.
    {{/isGated}}

    ## Limits

    {{#limits}}
    - {{text}}
    {{/limits}}

    ## Verify

    `octavo verify {{place}}` checks every digest, every tensor, and replays recorded logits. \
    [{{recordFile}}]({{recordFile}}) (format `{{recordFormat}}`) has the digest of every tensor, and the recipe.
    {{#signatures}}

    Signed per OpenSSF Model Signing in `{{file}}` with the key whose SHA-256 is `{{fingerprint}}`:

    ```sh
    octavo verify {{place}} --key {{key}}
    model_signing verify key --signature {{file}} --public_key {{key}} .
    ```
    {{/signatures}}
    {{^isSigned}}

    Not signed.
    {{/isSigned}}

    | file | bytes | sha256 |
    |---|---:|---|
    {{#files}}
    | {{path}} | {{size}} | `{{sha256}}` |
    {{/files}}
    {{#sections}}

    ## {{title}}

    {{text}}
    {{/sections}}

    ## Citation

    {{#citations}}
    ```bibtex
    {{text}}
    ```

    {{/citations}}
    {{#hasChanges}}
    ## Versions

    {{/hasChanges}}
    {{#changes}}
    - `{{tag}}`: {{text}}
    {{/changes}}

    """
