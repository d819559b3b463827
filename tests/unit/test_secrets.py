"""No secret of a configuration is recorded or shown; references to the environment are taken when a source is read."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.runtime.errors import ConfigError
from pipeline.runtime.lineage import differences
from pipeline.runtime.load import SECTIONS, parse_config, render_config
from pipeline.runtime.secrets import MASK, is_secret, mask, mask_text, resolve, secret_values

SECRET_NAMES = [
    *("password", "passwd", "PWD", "dbPassword", "db_password", "ssl.keystore.password", "passphrase", "pass"),
    *("secret", "client_secret", "fs.s3a.secret.key", "spark.hadoop.fs.s3a.access.key", "fs.s3a.session.token"),
    *("fs.azure.account.key.acct.dfs.core.windows.net", "fs.azure.sas.box.acct.blob.core.windows.net", "accountKey"),
    *("fs.azure.account.oauth2.client.secret", "google.cloud.auth.service.account.private.key", "AccountKey", "sig"),
    *("token", "accessToken", "AUTH_TOKEN", "api_key", "apikey", "apiKey", "X-Amz-Signature", "X-Amz-Security-Token"),
    *("credentials", "aws_secret_access_key", "AWSSecretAccessKey", "privateKey", "private_key_id", "sas_token"),
    *("SharedAccessSignature", "kafka.sasl.jaas.config", "Authorization", "cookie", "encryptionKey", "storage.key"),
    *("pem_private_key", "pass%77ord", "spark.ssl.keyPassword", "sfPassword", "parquet.encryption.key.list", "tokens"),
]
PLAIN_NAMES = [
    *("header", "sep", "quote", "user", "url", "dbtable", "driver", "multiLine", "compression", "encoding", "lineSep"),
    *("author", "passage", "bypass", "monkey", "keyspace", "signal", "design", "assignment", "tokenizer", "spine"),
    *("path", "name", "mergeSchema", "partitionColumn", "fetchsize", "keyboard", "compass", "signed", "kafka.topic"),
]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_the_name_tells_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_the_name_tells_no_secret(name: str) -> None:
    assert not is_secret(name)


def test_no_setting_of_ours_is_taken_for_a_secret() -> None:
    config = parse_config({"sources": [{"path": "p.csv", "signal": "t"}], "images": [{"path": "i.csv"}]}, "x.toml")
    assert mask(config) == config
    assert not [key for cls in SECTIONS.values() for key in cls.__dataclass_fields__ if is_secret(key)]


# With marks of its own, so that a part that is left is seen too.
URL_SECRET = st.text("abcXYZ0189-._~%+!$*", min_size=6, max_size=20).map(lambda text: f"Q8{text}Q7")
ANY_SECRET = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(lambda text: f"\u00a7{text}\u00a7")
SYNTAX = [
    "jdbc:postgresql://h:5432/db?user=u&password={}&ssl=true",
    "jdbc:mysql://u:{}@h:3306/db",
    "jdbc:mysql://address=(host=h)(user=u)(password={})/db",
    "jdbc:sqlserver://h;user=u;password={};encrypt=true",
    "jdbc:sqlserver://h;user=u;password={{{}}};encrypt=true",
    "jdbc:oracle:thin:scott/{}@//h:1521/x",
    "s3a://KEY:{}@bucket/folder/*.parquet",
    "s3a://KEY:a/{}@bucket/folder",
    "https://{}@host/a.csv",
    "https://acct.blob.core.windows.net/box/a.csv?sv=2024&se=2030-01-01&sig={}",
    "https://b.s3.amazonaws.com/a.csv?X-Amz-Credential=AKIA&X-Amz-Signature={}",
    "https://b.s3.amazonaws.com/a.csv?AWSAccessKeyId={}&Expires=17",
    "https://host/#access_token={}",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core.windows.net",
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="{}";',
    '{{"user": "u", "password": "{}"}}',
    "{{'user': 'u', 'password': '{}'}}",
    "Authorization: Bearer {}",
    "mongodb://u:{}@h1,h2/db",
    "redis://:{}@h:6379/0",
    "wasbs://box:{}@acct.blob.core.windows.net/x",
    "2fa_token={}",
]


@given(name=st.sampled_from(SECRET_NAMES), secret=ANY_SECRET)
@example(name="password", secret='\u00a7a"b;c&d e')
@example(name="password", secret="$${PW}\u00a7")
@settings(max_examples=200, deadline=None)
def test_no_value_of_a_secret_option_survives(name: str, secret: str) -> None:
    options = {"header": "true", name: secret}
    config = parse_config({"sources": [{"path": "p.csv", "signal": "t", "options": options}]}, "x.toml")
    masked = mask(config)
    assert masked.sources[0].options == {"header": "true", name: MASK}
    record = mask(dataclasses.asdict(config))
    assert record == dataclasses.asdict(masked)
    for shown in (json.dumps(record, ensure_ascii=False), render_config(masked), repr(masked)):
        assert "\u00a7" not in shown


@given(syntax=st.sampled_from(SYNTAX), secret=URL_SECRET)
@settings(max_examples=300, deadline=None)
def test_no_secret_survives_inside_a_url_or_connection_string(syntax: str, secret: str) -> None:
    text = syntax.format(secret)
    for shown in (mask(text), mask_text(text), mask_text(f"source 'a': {text} as jdbc: refused. Mend it.")):
        assert "Q7" not in shown
        assert "Q8" not in shown
        assert MASK in shown
    assert mask(mask(text)) == mask(text)


@given(text=st.text(max_size=60))
@example(text="password={a")
@example(text="password=\\'\\")
@example(text="token:token:token=")
@settings(max_examples=300, deadline=None)
def test_masking_ends_and_is_done_once(text: str) -> None:
    once = mask_text(text)
    assert mask_text(once) == once
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3a://bucket/folder/day=2020-01-01/part-*.parquet",
        "s3a://bucket/dt@1/x",
        "https://host:8080/a@b/c.csv?page=2&size=10",
        "abfss://box@acct.dfs.core.windows.net/folder",
        "gs://bucket/a",
        "/data/pins (2020).csv",
        "jdbc:postgresql://h/db?user=u&ssl=true",
        "runs/1/tables/labels: key (label_id) has 2 rows twice; expected each once",
        "x.toml [mine]: min_images = 0 must be at least 1.",
        "the table breaks its key: label_id",
        "phrase 'basic information' has 12 tokens: 3 too many",
        "no column correct; it has image_id, label.",
    ],
)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert mask(text) == text
    assert mask_text(text) == text


def test_what_is_around_a_secret_stays_readable() -> None:
    assert (
        mask("jdbc:postgresql://h/db?user=u&password=p%26&ssl=1") == "jdbc:postgresql://h/db?user=u&password=***&ssl=1"
    )
    assert mask("s3a://KEY:SE/CRET@bucket/x") == "s3a://***@bucket/x"
    assert mask_text("password = hunter2 was refused") == "password = *** was refused"
    assert mask("jdbc:sqlserver://h;password=two words&;user=u") == "jdbc:sqlserver://h;password=***;user=u"


def test_a_rotated_credential_is_no_other_setting() -> None:
    def recorded(password: str, path: str) -> Any:
        source = {"path": path, "signal": "t", "options": {"password": password}}
        return mask(dataclasses.asdict(parse_config({"sources": [source]}, "x.toml")))

    assert recorded("old", "s3a://A:one@b/x") == recorded("new", "s3a://A:two@b/x")
    assert differences(recorded("old", "a"), recorded("new", "b")) == [
        "sources.1.name: 'a' -> 'b'",
        "sources.1.path: 'a' -> 'b'",
    ]


def test_a_reference_is_recorded_as_it_is_and_resolved_only_for_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2 & co")
    options = {
        "password": "${DB_PASSWORD}",
        "url": "jdbc:x://h?user=u&password=${DB_PASSWORD}",
        "sep": "$${DB_PASSWORD}",
    }
    assert mask(options) == options
    found = resolve(options, "source 'pins'")
    assert found["password"] == "hunter2 & co"
    assert found["url"] == "jdbc:x://h?user=u&password=hunter2 & co"
    assert found["sep"] == "${DB_PASSWORD}"
    assert "hunter2" not in str(mask(found))


@pytest.mark.parametrize("given_value", [None, ""])
def test_a_missing_variable_is_named_with_its_source_and_option(
    monkeypatch: pytest.MonkeyPatch, given_value: str | None
) -> None:
    monkeypatch.delenv("NO_SUCH", raising=False)
    if given_value is not None:
        monkeypatch.setenv("NO_SUCH", given_value)
    with pytest.raises(ConfigError, match=r"source 'pins': options.password names the environment variable NO_SUCH"):
        resolve({"password": "${NO_SUCH}"}, "source 'pins'")


def test_a_mask_copied_from_printed_settings_is_no_password() -> None:
    with pytest.raises(ConfigError, match="stands for a secret in printed settings"):
        resolve({"password": MASK}, "source 'pins'")


@pytest.mark.parametrize("value", ["${hive.conf}", "$NAME", "${}", "${1A}", "{NAME}", "$$", "100 ${"])
def test_what_is_no_reference_stays(value: str) -> None:
    assert resolve({"a": value}, "s") == {"a": value}


def test_a_reference_with_more_around_it_is_hidden() -> None:
    assert mask({"password": "abc${PW}"}) == {"password": MASK}
    assert mask({"password": "$${PW}"}) == {"password": MASK}


def test_secrets_of_options_are_hidden_wherever_a_library_repeats_them() -> None:
    options = {"password": "p4ss word", "url": "jdbc:x://u:s3cr%26t@h/d?token=t0ken;x", "header": "true"}
    known = secret_values(options)
    assert set(known) == {"t0ken;x", "p4ss word", "s3cr%26t", "s3cr&t"}
    assert mask_text("refused p4ss word for s3cr&t, true", known) == "refused *** for ***, true"


def test_a_secret_of_few_characters_does_not_blank_a_message() -> None:
    assert mask_text("there is no such table", secret_values({"password": "a"})) == "there is no such table"
