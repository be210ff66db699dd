"""Uses `octavo serve` with PyPI's `openai`, by OPENAI_BASE_URL and OPENAI_API_KEY; the model is called `served`."""

import asyncio
import time

import openai
from openai import AsyncOpenAI, OpenAI

client = OpenAI(max_retries=0)
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How often is an octavo folded?"}]


def fails(kind, status, **arguments):
    try:
        client.chat.completions.create(**{"model": "served", "messages": MESSAGES, **arguments})
    except kind as error:
        assert error.status_code == status, error
        return error
    raise AssertionError(f"{arguments} did not fail")


def models():
    assert [model.id for model in client.models.list()] == ["served"]
    assert client.models.retrieve("served").owned_by == "octavo"


def completions():
    arguments = dict(model="served", prompt="The sea is", max_tokens=24, temperature=0, seed=1)
    whole = client.completions.create(**arguments)
    text = whole.choices[0].text
    assert whole.choices[0].finish_reason in ("stop", "length")
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens
    assert 0 < whole.usage.completion_tokens <= 24
    assert client.completions.create(**arguments).choices[0].text == text
    pieces = list(client.completions.create(**arguments, stream=True))
    assert "".join(piece.choices[0].text for piece in pieces) == text
    assert pieces[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    stop = text[len(text) // 2:][:2]
    if stop and "\ufffd" not in stop:
        stopped = client.completions.create(**arguments, stop=[stop]).choices[0]
        assert stopped.text == text[:text.index(stop)] and stopped.finish_reason == "stop"


def chats():
    arguments = dict(model="served", messages=MESSAGES, max_completion_tokens=24, temperature=0.8, top_p=0.9, seed=7)
    arguments["extra_body"] = {"top_k": 40, "min_p": 0.01, "repetition_penalty": 1.1}
    whole = client.chat.completions.create(**arguments)
    message = whole.choices[0].message
    assert message.role == "assistant" and whole.object == "chat.completion" and whole.model == "served"
    pieces = list(client.chat.completions.create(**arguments, stream=True, stream_options={"include_usage": True}))
    assert pieces[0].choices[0].delta.role == "assistant"
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces[:-1]) == message.content
    assert pieces[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert not pieces[-1].choices and pieces[-1].usage.completion_tokens == whole.usage.completion_tokens
    with client.chat.completions.stream(
        **{**arguments, "messages": MESSAGES + [{"role": "assistant", "content": "Thrice."}, MESSAGES[1]]}
    ) as stream:
        said = "".join(event.delta for event in stream if event.type == "content.delta")
        assert stream.current_completion_snapshot.choices[0].message.content == said


def errors():
    assert fails(openai.BadRequestError, 400, n=2).param == "n"
    assert fails(openai.BadRequestError, 400, logprobs=True).param == "logprobs"
    assert fails(openai.BadRequestError, 400, temperature=-1).param == "temperature"
    assert fails(openai.BadRequestError, 400, extra_body={"odd": 1}).code == "unknown_parameter"
    long = [{"role": "user", "content": "a b " * 200_000}]
    assert fails(openai.BadRequestError, 400, messages=long).code == "context_length_exceeded"
    assert fails(openai.NotFoundError, 404, model="gpt-4o").code == "model_not_found"
    try:
        OpenAI(api_key="0" * 48, max_retries=0).models.list()
    except openai.AuthenticationError as error:
        assert error.code == "invalid_api_key"
    else:
        raise AssertionError("a wrong key is let in")


async def together():
    """Several at a time wait for one another; one that is closed in its midst leaves room at once."""
    async with AsyncOpenAI() as client:
        arguments = dict(model="served", messages=MESSAGES, temperature=0, seed=1)
        stream = await client.chat.completions.create(**arguments, stream=True)
        async for _ in stream:
            break
        await stream.close()
        answers = await asyncio.gather(*(client.chat.completions.create(**arguments, max_tokens=8) for _ in range(6)))
        assert len({answer.choices[0].message.content for answer in answers}) == 1


for check in (models, completions, chats, errors):
    began = time.monotonic()
    check()
    print(f"  {check.__name__}: {time.monotonic() - began:.1f} s")
asyncio.run(together())
print(f"openai {openai.__version__}: all checks hold")
