"""Scenarios for a broker, played by paho-mqtt: scenarios.py SCENARIO PORT."""

import queue
import sys

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PATIENCE_S = 10
VERSIONS = (mqtt.MQTTv31, mqtt.MQTTv311, mqtt.MQTTv5)


class Client:
    """A connected client whose events can be waited for."""

    def __init__(self, name, port, version=mqtt.MQTTv311, clean=True, session_s=0):
        self.events = queue.Queue()
        five = version == mqtt.MQTTv5
        options = {} if five else {"clean_session": clean}
        self.paho = mqtt.Client(
            CallbackAPIVersion.VERSION2, name, protocol=version, reconnect_on_failure=False, **options
        )
        self.paho.on_connect = lambda _c, _u, flags, code, _p: self.put("connected", flags.session_present, code)
        self.paho.on_disconnect = lambda _c, _u, _f, code, _p: self.put("disconnected", code)
        self.paho.on_subscribe = lambda _c, _u, _mid, codes, _p: self.put("subscribed", codes)
        self.paho.on_publish = lambda _c, _u, _mid, code, _p: self.put("published", code)
        self.paho.on_message = lambda _c, _u, message: self.put("message", message)
        if five:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = session_s
            self.paho.connect("127.0.0.1", port, clean_start=clean, properties=properties)
        else:
            self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        self.session_present, code = self.wait("connected")
        assert not code.is_failure, code

    def put(self, *event):
        self.events.put(event)

    def wait(self, kind):
        """The next event, which must be of this kind."""
        event = self.events.get(timeout=PATIENCE_S)
        assert event[0] == kind, f"{event} instead of {kind}"
        return event[1:]

    def subscribe(self, topic, qos):
        self.paho.subscribe(topic, qos)
        (codes,) = self.wait("subscribed")
        assert [code.value for code in codes] == [qos], codes

    def publish(self, topic, payload, qos, properties=None):
        self.paho.publish(topic, payload, qos, properties=properties)
        self.wait("published")

    def message(self):
        (message,) = self.wait("message")
        return message

    def close(self):
        self.paho.disconnect()
        self.wait("disconnected")
        self.paho.loop_stop()


def every_qos(port):
    for version in VERSIONS:
        subscriber = Client("subscriber", port, version)
        publisher = Client("publisher", port, version)
        subscriber.subscribe("t/#", 2)
        for qos in (0, 1, 2):
            publisher.publish("t/x", f"at {qos}", qos)
            message = subscriber.message()
            got = (message.topic, message.payload.decode(), message.qos, message.retain)
            assert got == ("t/x", f"at {qos}", qos, False), got
        publisher.close()
        subscriber.close()


def take_over(port):
    for version in VERSIONS:
        first = Client("same", port, version)
        second = Client("same", port, version)
        (code,) = first.wait("disconnected")
        if version == mqtt.MQTTv5:
            assert code.value == 0x8E, code
        second.subscribe("t", 1)
        second.publish("t", "still here", 0)
        assert second.message().payload == b"still here"
        first.paho.loop_stop()
        second.close()


def offline_queue(port):
    for version in VERSIONS:
        name = f"sleeper-{version}"
        sleeper = Client(name, port, version, clean=False, session_s=3600)
        assert not sleeper.session_present
        sleeper.subscribe("q", 2)
        sleeper.close()
        publisher = Client("publisher", port, version)
        for number in range(100):
            publisher.publish("q", str(number), 1 + number % 2)
        publisher.close()
        sleeper = Client(name, port, version, clean=False, session_s=3600)
        # MQTT 3.1 cannot say it.
        assert sleeper.session_present or version == mqtt.MQTTv31
        messages = [sleeper.message() for _ in range(100)]
        # In order at each QoS; a client hands on a QoS 2 message only when its PUBREL has come.
        for qos, expected in ((1, range(0, 100, 2)), (2, range(1, 100, 2))):
            payloads = [int(message.payload) for message in messages if message.qos == qos]
            assert payloads == list(expected), payloads
        sleeper.close()


def in_order(port):
    # Fewer than wait for one session at most, so that a slow subscriber loses nothing.
    count = 900
    for qos in (0, 1, 2):
        subscriber = Client("subscriber", port, mqtt.MQTTv5)
        publisher = Client("publisher", port, mqtt.MQTTv5)
        subscriber.subscribe("t", qos)
        for number in range(count):
            publisher.paho.publish("t", str(number), qos)
        payloads = [int(subscriber.message().payload) for _ in range(count)]
        assert payloads == list(range(count)), f"at QoS {qos}"
        for _ in range(count):
            publisher.wait("published")
        publisher.close()
        subscriber.close()


def properties(port):
    subscriber = Client("subscriber", port, mqtt.MQTTv5)
    publisher = Client("publisher", port, mqtt.MQTTv5)
    subscriber.subscribe("t", 1)
    sent = Properties(PacketTypes.PUBLISH)
    sent.ContentType = "text/plain"
    sent.ResponseTopic = "answers"
    sent.CorrelationData = b"\x00\x01"
    sent.PayloadFormatIndicator = 1
    sent.MessageExpiryInterval = 100
    sent.UserProperty = [("b", "2"), ("a", "1"), ("b", "3")]
    publisher.publish("t", "hi", 1, sent)
    got = subscriber.message().properties
    assert got.ContentType == "text/plain"
    assert got.ResponseTopic == "answers"
    assert got.CorrelationData == b"\x00\x01"
    assert got.PayloadFormatIndicator == 1
    assert 0 < got.MessageExpiryInterval <= 100
    assert got.UserProperty == [("b", "2"), ("a", "1"), ("b", "3")], got.UserProperty
    publisher.close()
    subscriber.close()


if __name__ == "__main__":
    scenarios = {f.__name__: f for f in (every_qos, take_over, offline_queue, in_order, properties)}
    scenarios[sys.argv[1]](int(sys.argv[2]))
