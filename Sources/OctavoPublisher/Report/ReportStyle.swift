/// The page's style: ink on paper, one colour for data and one for warnings.
let reportStyle: HTML = """
    :root {
      color-scheme: light dark;
      --paper: #fbfaf6; --raised: #ffffff; --ink: #1f1d1a; --soft: #69645b; --rule: #e2ded3;
      --data: #1a5f78; --tint: #8fb9c6; --alert: #9f3418; --alert-paper: #fbeee8;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #151617; --raised: #1d1f20; --ink: #e9e5dc; --soft: #a39d91; --rule: #34352f;
        --data: #74bfd6; --tint: #2f6577; --alert: #f19a7f; --alert-paper: #2b1d18;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
      font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
      font-variant-numeric: tabular-nums;
    }
    main, footer { max-width: 1000px; margin: 0 auto; padding: 0 20px; }
    h1, h2, .figure { font-family: "Iowan Old Style", Palatino, "Palatino Linotype", Charter, Georgia, "DejaVu Serif", serif; font-weight: 600; }
    h1 { font-size: clamp(26px, 5vw, 40px); line-height: 1.15; margin: 4px 0 8px; letter-spacing: -0.01em; }
    h2 { font-size: 22px; line-height: 1.25; margin: 0 0 6px; }
    p { margin: 0; }
    header { padding: 48px 0 8px; }
    .kicker { color: var(--alert); font-size: 12px; letter-spacing: 0.12em; text-transform: uppercase; font-weight: 600; }
    .made, .lead, .note, .key, figcaption span, tbody th span, footer { color: var(--soft); }
    .lead { max-width: 68ch; margin-bottom: 16px; }
    .tiles { display: flex; flex-wrap: wrap; gap: 1px; margin-top: 28px;
      background: var(--rule); border: 1px solid var(--rule); border-radius: 6px; overflow: hidden; }
    .tile { flex: 1 1 165px; background: var(--raised); padding: 16px 18px 14px; }
    .figure { font-size: 25px; line-height: 1.1; white-space: nowrap; letter-spacing: -0.01em; }
    .meaning { margin-top: 6px; line-height: 1.35; }
    .note { font-size: 13px; line-height: 1.4; margin-top: 3px; }
    section { padding: 34px 0 6px; }
    section + section { border-top: 1px solid var(--rule); margin-top: 34px; }
    .alerts { background: var(--alert-paper); border-left: 4px solid var(--alert); border-radius: 0 6px 6px 0;
      margin-top: 24px; padding: 16px 20px; }
    .alerts + section { border-top: 0; margin-top: 6px; }
    .alerts h2 { font-size: 17px; color: var(--alert); }
    .alerts ul { margin: 0; padding-left: 18px; }
    .key { font-size: 13px; margin-bottom: 14px; }
    .key svg { vertical-align: -1px; margin-left: 14px; }
    .key svg:first-child { margin-left: 0; }
    .key svg { overflow: visible; }
    .panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 20px 18px; }
    figure { margin: 0; break-inside: avoid; min-width: 0; }
    figcaption { display: flex; gap: 8px; justify-content: space-between; padding: 0 6px 2px 0; font-size: 14px; }
    figcaption span { white-space: nowrap; }
    .chart, .bar { display: block; width: 100%; overflow: visible; }
    .chart { padding: 0 6px 0 48px; }
    .tick { font-size: 11px; fill: var(--soft); }
    .grid { stroke: var(--rule); }
    .line { fill: none; stroke: var(--data); stroke-width: 1.5; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
    .line.middle { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; }
    .line.before { stroke: var(--soft); stroke-dasharray: 5 3; }
    .mark { fill: var(--data); }
    .mark.before { fill: var(--paper); stroke: var(--soft); stroke-width: 1.5; }
    .ring { fill: none; stroke: var(--alert); stroke-width: 2; }
    .mark.zero { fill: var(--paper); stroke: var(--data); stroke-width: 1.5; }
    .lost { fill: var(--alert); color: var(--alert); font-weight: 700; font-size: 13px; }
    .codes, .clock { fill: var(--data); }
    .codebooks { fill: url(#dots); }
    .scales { fill: var(--ink); }
    .embeddings { fill: url(#dots); }
    .unquantized { fill: url(#stripes); }
    .processor { fill: var(--tint); }
    .ground { fill: var(--tint); }
    #stripes .ground { fill: var(--rule); }
    .stripe { fill: var(--soft); }
    #dots .stripe { fill: var(--data); }
    .defs { position: absolute; }
    .bars { margin-bottom: 18px; }
    .bars p { font-size: 14px; margin: 10px 0 3px; }
    .swatch { margin-right: 8px; vertical-align: -1px; }
    .scroll { overflow-x: auto; margin-top: 18px; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; overflow-wrap: normal; }
    th, td { text-align: right; font-weight: 400; padding: 5px 0 5px 16px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
    th:first-child { text-align: left; padding-left: 0; }
    tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 6em; }
    .parts tbody th { white-space: nowrap; }
    tbody th span { padding-left: 6px; }
    thead th { color: var(--soft); font-size: 13px; white-space: normal; vertical-align: bottom; }
    tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
    .times .wide { width: 55%; }
    .times thead span { position: absolute; clip-path: inset(50%); }
    details { margin-top: 14px; }
    summary { cursor: pointer; color: var(--data); font-size: 14px; }
    dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 0 32px; margin: 10px 0 18px; }
    dt { color: var(--soft); font-size: 13px; padding-top: 8px; }
    dd { margin: 0; padding-bottom: 8px; border-bottom: 1px solid var(--rule); }
    .paths { columns: 260px; padding-left: 18px; font-size: 13px; }
    pre { background: var(--raised); border: 1px solid var(--rule); border-radius: 6px; padding: 14px 16px; margin: 0;
      white-space: pre-wrap; font: 13px/1.6 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    footer { padding-top: 32px; padding-bottom: 48px; font-size: 13px; }
    @media (max-width: 560px) {
      .times tr { display: grid; grid-template-columns: minmax(0, 1fr) 6.8em 7.6em; }
      .times .wide { grid-area: 2 / 1 / 3 / 4; width: auto; padding-left: 0; }
      .times thead .wide, .times tfoot .wide { display: none; }
      .times tbody :not(.wide) { border-bottom: 0; padding-bottom: 0; }
      th, td { padding-left: 9px; }
      table { font-size: 13px; }
      header { padding-top: 28px; }
      .tile { flex-basis: 45%; padding: 14px; }
      .figure { font-size: 21px; }
      .kinds th span, .kinds tr > :nth-child(2) { display: none; }
    }
    @media print {
      :root { --paper: #ffffff; --raised: #ffffff; }
      body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
      header { padding-top: 0; }
      section { break-inside: auto; }
      h2, .lead, .key { break-after: avoid; break-inside: avoid; }
      .tile { flex-basis: 110px; padding: 10px 12px; }
      .figure { font-size: 18px; }
      dl > div, .bars { break-inside: avoid; }
      tfoot { display: table-row-group; }
      tr { break-inside: avoid; }
      details::details-content { content-visibility: visible; block-size: auto; }
      .scroll { overflow: visible; }
    }
    """
