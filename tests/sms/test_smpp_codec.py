"""SMPP's PDUs, against another implementation's and against what cannot be."""

from contextlib import suppress

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from sms.gateways.smpp.errors import NotSmpp
from sms.gateways.smpp.message import Address, Message, Option, read_message
from sms.gateways.smpp.pdu import LONGEST, Command, Pdu, bind, decode, first_string, length_of

octet = st.integers(0, 255)
ascii_text = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=20)
addresses = st.builds(Address, octet, octet, ascii_text)
messages = st.builds(
    Message,
    addresses,
    addresses,
    st.binary(max_size=254),
    data_coding=octet,
    esm_class=octet,
    registered_delivery=octet,
    service_type=ascii_text.map(lambda text: text[:5]),
    options=st.dictionaries(st.integers(0, 0x03FF), st.binary(max_size=40), max_size=4),
)


@given(messages)
def test_what_is_written_is_read_again(message: Message) -> None:
    assert read_message(Command.SUBMIT_SM, message.encode()) == message


@given(messages)
def test_another_implementation_reads_what_we_write(message: Message) -> None:
    read = smpp34.decode(Pdu(Command.SUBMIT_SM, 0, 7, message.encode()).encode())
    assert isinstance(read, smpp34.SubmitSm)
    source = Address(read.source_addr_ton, read.source_addr_npi, read.source_addr)
    destination = Address(read.dest_addr_ton, read.dest_addr_npi, read.destination_addr)
    assert (source, destination) == (message.source, message.destination)
    assert bytes(read.short_message) == message.octets
    assert read.sequence_number == 7
    assert read.service_type == message.service_type
    assert {it.tag: bytes(it.value) for it in read.tlvs} == message.options
    assert (read.data_coding, read.esm_class, read.registered_delivery) == (
        message.data_coding,
        message.esm_class,
        message.registered_delivery,
    )


@given(messages)
def test_we_read_what_another_implementation_writes(message: Message) -> None:
    written = smpp34.DeliverSm(
        message.source.text,
        message.destination.text,
        message.octets,
        service_type=message.service_type,
        source_addr_ton=message.source.ton,
        source_addr_npi=message.source.npi,
        dest_addr_ton=message.destination.ton,
        dest_addr_npi=message.destination.npi,
        esm_class=message.esm_class,
        registered_delivery=message.registered_delivery,
        data_coding=message.data_coding,
        tlvs=[smpp34.Tlv(tag, value) for tag, value in message.options.items()],
        sequence_number=9,
    ).encode()
    pdu = decode(written)
    assert (pdu.command, pdu.sequence) == (Command.DELIVER_SM, 9)
    assert read_message(pdu.command, pdu.body) == message


def test_a_text_beyond_254_octets_goes_as_payload() -> None:
    long = Message(Address(), Address(1, 1, "628"), b"x" * 255)
    read = read_message(Command.SUBMIT_SM, long.encode())
    assert read.octets == long.octets
    assert read.options == {Option.PAYLOAD: long.octets}


def test_data_sm_is_read_as_a_text() -> None:
    body = b"\0\x01\x01628\0\x01\x01100\0\x00\x00\x08" + b"\x04\x24\x00\x02\x26\x3a"
    read = read_message(Command.DATA_SM, body)
    assert (read.source.text, read.destination.text) == ("628", "100")
    assert (read.octets, read.data_coding) == (b"\x26\x3a", 8)


def test_what_stands_behind_the_last_parameter_does_not_spoil_the_text() -> None:
    message = Message(Address(1, 1, "628"), Address(), b"Halo", options={0x1E: b"7\0"})
    read = read_message(Command.DELIVER_SM, message.encode() + b"\x04\x27\x00\x09x")
    assert read == message


@given(messages, st.data())
def test_a_body_that_is_cut_off_is_told_from_a_whole_one(
    message: Message, data: st.DataObject
) -> None:
    plain = Message(message.source, message.destination, message.octets)
    body = plain.encode()
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(NotSmpp):
        read_message(Command.DELIVER_SM, body[:cut])


@given(st.binary(max_size=200))
def test_any_octets_are_a_message_or_an_error_of_ours(octets: bytes) -> None:
    with suppress(NotSmpp):
        read_message(Command.DELIVER_SM, octets)


@pytest.mark.parametrize("length", [0, 15, LONGEST + 1, 0xFFFFFFFF])
def test_a_length_that_cannot_be_is_refused_before_it_is_waited_for(length: int) -> None:
    with pytest.raises(NotSmpp):
        length_of(length.to_bytes(4, "big"))


def test_a_frame_says_its_own_length() -> None:
    pdu = Pdu(Command.ENQUIRE_LINK, 0, 5)
    assert pdu.encode().hex() == "00000010000000150000000000000005"
    assert decode(pdu.encode()) == pdu
    assert pdu.answer() == Pdu(0x80000015, 0, 5)
    with pytest.raises(NotSmpp):
        decode(pdu.encode() + b"\0")


def test_a_bind_is_that_of_version_3_4() -> None:
    assert bind("clinic", "s3cret", "") == b"clinic\0s3cret\0\0\x34\0\0\0"


@pytest.mark.parametrize("password", ["123456789", "kata✓", "a\0b"])
def test_a_password_that_does_not_fit_is_not_shown(password: str) -> None:
    with pytest.raises(ValueError, match="password must be at most 8") as found:
        bind("clinic", password, "")
    assert password not in str(found.value)


@pytest.mark.parametrize(("body", "found"), [(b"abc\0", "abc"), (b"abc", "abc"), (b"", "")])
def test_an_answer_needs_no_body_to_be_one(body: bytes, found: str) -> None:
    assert first_string(body) == found
