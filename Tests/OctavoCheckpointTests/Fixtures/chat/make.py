"""Records what transformers renders of chat templates, and jinja2 of snippets.

    pip install transformers==5.23.0 jinja2==3.1.6 && python make.py

The templates are our own, in the manner of those that models come with. What fails there is recorded as null.
"""

import json
import pathlib

from transformers.utils.chat_template_utils import _compile_jinja_template

HERE = pathlib.Path(__file__).parent

CHATML = """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""

SMOL = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou fold paper.<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
"""

LLAMA = """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message comes first. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {{- "These functions may be called:\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}

{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One call at a time!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable and message.content is not string %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

QWEN3 = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""

MISTRAL = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{#- Roles must alternate. #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, roles must alternate user/assistant/user/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
"""

GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '
' + message['content'] | trim + '<end_of_turn>
' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model
'}}{% endif %}"""

GEMMA3 = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
"""

MACROS = """{%- macro shown(value, deep=false, mark='-') -%}
    {%- if value is mapping -%}
        {%- for key, inner in value.items() -%}{{ mark }}{{ key }}={{ shown(inner, deep=true, mark='+') }};{% endfor %}
    {%- elif value is string -%}{{ value | tojson if deep else value }}
    {%- elif value is none -%}nothing
    {%- else -%}{{ value }}{%- endif -%}
{%- endmacro -%}
{% set seen = namespace(count=0) -%}
{% for message in messages if message.role != 'system' %}
  {% if loop.index > 3 %}{% break %}{% endif %}
  {% if not message.content %}{% continue %}{% endif %}
  {%- set seen.count = seen.count + 1 %}
[{{ loop.index }}/{{ loop.length }}{{ '!' if loop.last }}] {{ message.role|upper }}: {{ shown(message.content) }}
{% generation %}
{{ shown({'a': 1, 'b': {'c': "x\\"y"}, 'n': none}) }}
{% endgeneration %}
{% else %}
nobody said anything
{% endfor %}
{%- set block %}{{ seen.count }} of {{ messages | length }}{% endset %}
{{ block }}
"""

LLAMA2 = """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""

PHI3 = """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"""

QWEN2 = """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'You fold paper.' }}
    {%- endif %}
    {{- "\\n\\n# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou fold paper.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
        {%- for tool_call in message.tool_calls %}
            {%- if tool_call.function is defined %}
                {%- set tool_call = tool_call.function %}
            {%- endif %}
            {{- '\\n<tool_call>\\n{"name": "' }}
            {{- tool_call.name }}
            {{- '", "arguments": ' }}
            {{- tool_call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- message.content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""

TEMPLATES = dict(
    chatml=CHATML, smol=SMOL, llama=LLAMA, qwen3=QWEN3, mistral=MISTRAL, gemma=GEMMA, gemma3=GEMMA3, macros=MACROS,
    llama2=LLAMA2, phi3=PHI3, qwen2=QWEN2,
)

TOOLS = [{"type": "function", "function": {
    "name": "fold", "description": "Folds a sheet \"once\"; größer", "parameters": {
        "type": "object", "properties": {"times": {"type": "integer", "enum": [1, 2, 3]}, "ratio": {"default": 0.5}},
        "required": [], "extra": {}, "none": None, "strict": True}}}]


def say(role, content, **more):
    return dict(role=role, content=content, **more)


CONVERSATIONS = {
    "one": [say("user", "Hello?")],
    "two": [say("user", " How often is an octavo folded? "), say("assistant", "Three times.\n")],
    "system": [say("system", "Be brief."), say("user", "Leaves?"), say("assistant", "Eight.")],
    "turns": [say("user", "One"), say("assistant", "1"), say("user", "Two"), say("assistant", "2"), say("user", "3?")],
    "system turns": [say("system", "Count."), say("user", "One"), say("assistant", "1"), say("user", "Two"),
                     say("assistant", "2")],
    "thinking": [say("user", "2+2?"), say("assistant", "<think>\nadd\n</think>\n\n4"), say("user", "and 1?"),
                 say("assistant", "<think>add one</think>5")],
    "unicode": [say("user", "größer e\u0301 \u00e9 紙 \U0001f600\u200d\u2003"), say("assistant", "\u00a0ÀÉ\r\n")],
    "breaks": [say("user", "a\nb\r\nc\td {{ x }} {% if %}"), say("assistant", "\n\nanswer\n\n")],
    "empty": [say("user", ""), say("assistant", "")],
    "wrong order": [say("assistant", "hm"), say("assistant", "hm")],
    "tool": [say("user", "Fold it"), say("assistant", "", tool_calls=[
        {"type": "function", "function": {"name": "fold", "arguments": {"times": 3, "note": "é \"q\"", "x": [1.5, None, True]}}}]),
        say("tool", "done"), say("tool", "twice"), say("assistant", "Folded.")],
    "parts": [say("system", [{"type": "text", "text": "Look."}]), say("user", [
        {"type": "text", "text": " what "}, {"type": "image"}, {"type": "text", "text": "is it"}])],
    "reasoning": [say("user", "why"), say("assistant", "because", reasoning_content="\nhm\n")],
    "none": [],
}

# Expressions and statements; each is rendered with `VALUES`.
VALUES = dict(
    text="  Éa bc,d  ", words=["b", "a", "B", "é"], numbers=[3, 1, 2, -4, 2.5], nothing=None, yes=True, no=False,
    people=[dict(name="Ada", age=36, on=True), dict(name="Bo", age=7, on=False), dict(name="Cy")],
    nested=dict(z=1, A=dict(b=[1, 2, dict(c="d")]), y="e\u0301"), zero=0, empty="",
)
SNIPPETS = """
{{ 1 + 2 * 3 - 4 // 3 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 - -1 }} {{ 1.5 * 2 }} {{ 7 // 2.0 }}
{{ (1 + 2) * 3 }}{{ 'a' 'b' ~ 1 ~ none ~ true }}{{ 'ab' * 2 }}
{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 'a' < 'b' }} {{ 1 == 1.0 }} {{ true == 1 }} {{ '1' == 1 }} {{ 3 >= 3 }} {{ 2 <= 1 }} {{ 'é' > 'z' }}
{{ 'a' in words }} {{ 'z' not in words }} {{ 'bc' in text }} {{ 'z' in nested }} {{ 'q' in nested }} {{ '' in '' }} {{ 2.5 in numbers }}
{{ not yes or no and yes }} {{ not not yes }} {{ nothing or 'x' }} {{ 0 and 1 }} {{ '' or [] or 'last' }} {{ yes and 'both' }}
{{ 'a' if yes else 'b' }}{{ 'a' if no else 'b' }}{{ 'c' if no }}{{ ('x' if no else 'y' if no else 'z') }}
{{ words[0] }}{{ words[-1] }}{{ words[9] }}{{ words.1 }} {{ text[2] }} {{ nested['A']['b'][2].c }} {{ nested.z }} {{ people[0].name }}
{{ numbers[1:3] | join('|') }} {{ numbers[::-1] | join('|') }} {{ numbers[-2:] | join('|') }} {{ numbers[:-9] | join }}- {{ numbers[10:0:-2]|join(',') }} {{ text[2:6] }} {{ text[::-2] }}
{{ text.strip() }}|{{ text.lstrip() }}|{{ text.rstrip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'abcba'.strip('ab') }}|{{ '\\n a\\n'.rstrip('\\n') }}
{{ 'a,b,,c'.split(',') | join('/') }} {{ ' a  b c '.split() | join('/') }} {{ 'a,b,c'.split(',', 1)[1] }} {{ 'a,b,c'.rsplit(',', 1)[0] }} {{ ''.split(',') | length }} {{ 'abc'.split('abc')|length }}
{{ text.startswith('  É') }} {{ 'abc'.endswith('bc') }} {{ 'abc'.startswith(('x', 'a')) }} {{ 'ab'.upper() }} {{ 'ÀB'.lower() }} {{ 'hELLO wORLD'.capitalize() }}
{{ 'aaa'.replace('a', 'b') }} {{ 'aaa'.replace('a', 'bb', 2) }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'abc'.find('c') }} {{ 'abc'.find('z') }} {{ 'banana'.count('an') }} {{ 'éa'.find('a') }}
{{ nested.items() | length }} {% for k, v in nested.items() %}{{ k }};{% endfor %} {% for k in nested %}{{ k }}{% endfor %} {{ nested.keys() | join('+') }} {{ nested.get('q', 'no') }} {{ nested.get('q') }} {{ nested.get('z') }}
{{ nested | tojson }}
{{ nested | tojson(indent=2) }}
{{ [1, 'a"\\\\', 1.0, 1e20, 1e-7, none, true, {'k': []}, {}, '\\u0001\\t\\n é /'] | tojson }}
{{ (1, 2) | tojson }} {{ [] | tojson(indent=2) }} {{ [[]] | tojson(indent=1) }}
{{ words | length }} {{ text | length }} {{ nested | count }} {{ 'e\u0301' | length }}
{{ missing | default('d') }} {{ missing | d }}. {{ empty | default('e', true) }} {{ nothing | default('n') }} {{ nothing | default('n', boolean=true) }} {{ zero | d('z', true) }}
{{ text | trim }}|{{ 'xax' | trim('x') }}|{{ text | upper }}|{{ 'aB c' | capitalize }}|{{ 'aB' | lower }}|{{ 'aXbX' | replace('X', '-') }}|{{ 'aXbX' | replace('X', '-', 1) }}
{{ words | first }} {{ words | last }} {{ [] | first }} {{ words | reverse | join }} {{ 'abc' | reverse }} {{ [1, 1, 2, 1] | unique | join(',') }}
{{ people | map(attribute='name') | join(', ') }} {{ people | map(attribute='age', default='?') | join(', ') }} {{ words | map('upper') | join }} {{ [' a '] | map('trim') | join }}
{{ people | selectattr('on') | map(attribute='name') | join }} {{ people | rejectattr('on') | map(attribute='name') | join }} {{ people | selectattr('age', 'defined') | list | length }} {{ people | selectattr('name', 'equalto', 'Bo') | map(attribute='age') | first }} {{ [1, 2, 3] | select('odd') | join }} {{ [1, 2, 3] | reject('odd') | join }} {{ [0, 1, ''] | select | join }}
{{ nested | dictsort | map('first') | join(',') }} {{ 'a\\nb\\n\\nc' | indent }} {{ 'a\\nb' | indent(2, true) }} {{ -3 | abs }} {{ '12' | int + 1 }} {{ 'x' | int }} {{ 3.9 | int }} {{ '1.5' | float }} {{ 5 | string + '!' }} {{ '<b>' | safe }} {{ 'abc' | list | join('.') }}
{{ missing is defined }} {{ yes is defined }} {{ missing is undefined }} {{ nothing is none }} {{ nothing is not none }} {{ text is string }} {{ words is string }} {{ nested is mapping }} {{ words is mapping }} {{ words is iterable }} {{ text is iterable }} {{ zero is iterable }} {{ words is sequence }} {{ zero is number }} {{ yes is number }} {{ yes is boolean }} {{ yes is true }} {{ zero is false }} {{ no is false }} {{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(4) }} {{ 2 is eq 2 }} {{ 'a' is in words }} {{ 1.5 is float }} {{ 1 is integer }} {{ yes is integer }} {{ missing is iterable }}
{{ missing }}|{{ people[2].age }}|{{ people[2]['age'] is defined }}|{{ nested.A.q }}|{% if missing %}x{% else %}y{% endif %}|{% for i in missing %}x{% else %}none{% endfor %}
{{ nothing }} {{ yes }} {{ no }} {{ 1.0 }} {{ 100000000000000000.0 }} {{ 0.1 + 0.2 }} {{ 1e5 }} {{ 1_000 }}
{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}
{% set ns = namespace(a=1, b='x') %}{% for i in range(3) %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b }}{{ ns.c }}
{% set a, b = [1, 2] %}{{ b }}{{ a }} {% for a, b in [[1, 2], [3, 4]] %}{{ a }}{{ b }}{% endfor %}{{ a }}
{% for i in range(2, 10, 3) %}{{ i }},{% endfor %}{% for i in range(3, 0, -1) %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}
{% for i in numbers if i > 1 %}{{ loop.index }}:{{ i }} {% endfor %}{% for i in numbers %}{% if i == 2 %}{% break %}{% elif i == 1 %}{% continue %}{% else %}{{ i }}{% endif %}{% endfor %}
{% macro m(a, b='B', c=none) %}<{{ a }}{{ b }}{{ c }}>{% endmacro %}{{ m(1) }}{{ m(1, c=2) }}{{ m('x', 'y', 'z') }}{{ m() }}
{% set t %}  {{ 1 }} {% endset %}[{{ t }}]{# comment #}[{#- c -#}  x]
{% if 1 %}
  a
{% endif %}
  {% if 1 %}b{% endif %}  
   {%+ if 1 %}c{% endif +%}
x {%- if 1 -%}  d  {%- endif -%}  y
  {# whole line #}
  {{- ' e ' -}}  
{% set q = {'a': 1, 'b': [1, 2,],} %}{{ q.a + q['b'][1] }}{{ [1, 2][0] }}{{ {'x': 'y'}.x }}{{ () | length }}{{ (1,) | length }}
{{ "it's" }}{{ 'say "x"' }}{{ '\\x41\\u00e9\\'\\q\\\\' }}{{ 'two
lines' }}
{{ undefined_function('x') }}
{{ missing.attribute }}
{{ missing + 'a' }}
{{ 'a' + 1 }}
{{ words + 'a' }}
{{ raise_exception('stop') }}
{{ 1 / 0 }} never
{{ 1 // 0 }}
{{ ''.split('') }}
{{ nothing | length }}
{{ nothing.x }}{{ zero['a'] }}.
{{ nothing + 1 }}
{{ 'a' in nothing }}
{{ nested }} {{ [1, 'a', "it's", none, true, 2.5] }} {{ ['\\n\\t\\\\ é \u00a0 \u200b'] ~ (1, 2) | list }} {{ nested | trim | length }}
{% for i in [1] %}{% continue %}{% else %}else{% endfor %}{% for i in [1] %}{% break %}{% else %}else{% endfor %}{% for i in [1, 2] %}{% if i == 2 %}{% break %}{% endif %}{% else %}else{% endfor %}
{{ namespace.x }}.{{ words.x }}.
{% for i in 5 %}{% endfor %}
{% set a, b = [1] %}
{{ 1 if }}
{% if %}x{% endif %}
{% for x words %}{% endfor %}
{{ 'open }}
{% if yes %}never closed
{{ [1, 2 }}
{{ }}
{% endif %}
{{ a b }}
{{ 1 + }}
"""


def snippets():
    lines = SNIPPETS.strip("\n").split("\n")
    # Those of several lines.
    start, end = lines.index("{% if 1 %}"), lines.index("  {{- ' e ' -}}  ")
    block = "\n".join(lines[start:end + 1])
    rest = lines[:start] + lines[end + 1:]
    two = next(i for i, line in enumerate(rest) if line.endswith("{{ 'two"))
    rest[two:two + 2] = ["\n".join(rest[two:two + 2])]
    return rest + [block, block.replace("\n", "\r\n"), "a\n", "a\n\n", "{% if 1 %}\n\na{% endif %}\n", "\n  {% set a = 1 %}\n  b"]


def rendered(template, **values):
    try:
        return _compile_jinja_template(template).render(**values)
    except Exception:
        return None


def main():
    templates = [dict(name=name, template=template, cases=[
        dict(conversation=title, messages=messages, tools=tools, add_generation_prompt=asks,
             expected=rendered(template, messages=messages, tools=tools, documents=None, add_generation_prompt=asks,
                               bos_token="<s>", eos_token="</s>"))
        for title, messages in CONVERSATIONS.items()
        for tools, asks in ((None, False), (None, True), *(((TOOLS, True),) if title == "tool" else ()))])
        for name, template in TEMPLATES.items()]
    cases = [dict(template=text, expected=rendered(text, **VALUES)) for text in snippets()]
    for name, value in (("templates.json", templates), ("snippets.json", dict(values=VALUES, cases=cases))):
        (HERE / name).write_text(json.dumps(value, ensure_ascii=True) + "\n")


main()
