// Scenarios for a broker, played by MQTT.js: scenarios.cjs SCENARIO URL VERSION.

const assert = require("node:assert");
const mqtt = require("mqtt");

const [scenario, url, version] = process.argv.slice(2);
const protocolVersion = Number(version);
const five = protocolVersion === 5;

/** A connected client whose messages can be waited for, in their order. */
class Client {
  static async connect(name, options = {}) {
    const client = new Client();
    client.messages = [];
    client.waiting = [];
    client.js = mqtt.connect(url, {
      clientId: name,
      protocolVersion,
      protocolId: protocolVersion === 3 ? "MQIsdp" : "MQTT",
      reconnectPeriod: 0,
      connectTimeout: 10_000,
      ...options,
    });
    client.js.on("message", (topic, payload, packet) => {
      const message = { topic, payload: payload.toString(), packet };
      const next = client.waiting.shift();
      next ? next(message) : client.messages.push(message);
    });
    client.closed = new Promise((done) => client.js.once("close", done));
    client.connack = await new Promise((done, failed) => {
      client.js.once("connect", done);
      client.js.once("error", failed);
    });
    return client;
  }

  next() {
    const message = this.messages.shift();
    return message ?? new Promise((done) => this.waiting.push(done));
  }

  async subscribe(filter, qos) {
    const granted = await this.js.subscribeAsync(filter, { qos });
    assert.strictEqual(granted[0].qos, qos);
  }

  close() {
    return this.js.endAsync();
  }
}

/** MQTT 5.0 says how long a session lasts, the older ones that it does. */
const lasting = () => ({
  clean: false,
  ...(five && { properties: { sessionExpiryInterval: 1000 } }),
});

const scenarios = {
  async everyQos() {
    const ear = await Client.connect("ear");
    const mouth = await Client.connect("mouth");
    await ear.subscribe("t/#", 2);
    for (const qos of [0, 1, 2]) {
      await mouth.js.publishAsync("t/x", `at ${qos}`, { qos });
      const { topic, payload, packet } = await ear.next();
      assert.deepStrictEqual([topic, payload, packet.qos, packet.retain], ["t/x", `at ${qos}`, qos, false]);
    }
    const large = "x".repeat(300_000);
    await mouth.js.publishAsync("t/large", large, { qos: 2 });
    assert.strictEqual((await ear.next()).payload, large);
    await Promise.all([ear.close(), mouth.close()]);
  },

  async retainedAndWill() {
    const mouth = await Client.connect("mouth", {
      will: { topic: "gone", payload: Buffer.from("mouth"), qos: 1, retain: true },
    });
    await mouth.js.publishAsync("kept", "word", { qos: 1, retain: true });
    const ear = await Client.connect("ear");
    await ear.subscribe("kept", 1);
    let message = await ear.next();
    assert.deepStrictEqual([message.payload, message.packet.retain], ["word", true]);
    await ear.subscribe("gone", 1);
    mouth.js.stream.destroy();
    message = await ear.next();
    assert.deepStrictEqual([message.topic, message.payload, message.packet.qos], ["gone", "mouth", 1]);
    // Whoever ends in order has no will; an empty message clears what is retained.
    const other = await Client.connect("other", { will: { topic: "gone", payload: Buffer.from("other"), qos: 0 } });
    await other.close();
    await ear.js.publishAsync("kept", "", { qos: 1, retain: true });
    assert.strictEqual((await ear.next()).payload, "");
    const late = await Client.connect("late");
    await late.subscribe("#", 0);
    assert.strictEqual((await late.next()).topic, "gone");
    await Promise.all([ear.close(), late.close()]);
  },

  async session() {
    let sleeper = await Client.connect("sleeper", lasting());
    assert.strictEqual(sleeper.connack.sessionPresent, false);
    await sleeper.subscribe("q", 2);
    await sleeper.close();
    const mouth = await Client.connect("mouth");
    for (let number = 0; number < 50; number++) {
      await mouth.js.publishAsync("q", String(number), { qos: 1 + (number % 2) });
    }
    sleeper = await Client.connect("sleeper", lasting());
    assert.strictEqual(sleeper.connack.sessionPresent, true);
    const got = [];
    for (let number = 0; number < 50; number++) {
      got.push(await sleeper.next());
    }
    for (const [qos, odd] of [[1, 0], [2, 1]]) {
      const numbers = got.filter((it) => it.packet.qos === qos).map((it) => Number(it.payload));
      assert.deepStrictEqual(numbers, [...Array(25).keys()].map((it) => 2 * it + odd));
    }
    // A second one with its name takes over.
    const thief = await Client.connect("sleeper", lasting());
    await sleeper.closed;
    await Promise.all([thief.close(), mouth.close()]);
  },

  async properties() {
    const ear = await Client.connect("ear", { properties: { topicAliasMaximum: 5 } });
    const mouth = await Client.connect("mouth", { autoAssignTopicAlias: true });
    await ear.js.subscribeAsync("t", { qos: 1, properties: { subscriptionIdentifier: 77 } });
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 100,
      contentType: "text/plain",
      responseTopic: "answers",
      correlationData: Buffer.from([0, 1]),
      userProperties: { a: ["1", "2"], b: "3" },
    };
    for (let round = 0; round < 3; round++) {
      await mouth.js.publishAsync("t", `hi ${round}`, { qos: 1, properties: { ...properties } });
      const { topic, payload, packet } = await ear.next();
      assert.deepStrictEqual([topic, payload], ["t", `hi ${round}`]);
      const got = packet.properties;
      assert.strictEqual(got.contentType, "text/plain");
      assert.strictEqual(got.responseTopic, "answers");
      assert.strictEqual(got.payloadFormatIndicator, true);
      assert.strictEqual(got.subscriptionIdentifier, 77);
      assert.ok(got.messageExpiryInterval > 0 && got.messageExpiryInterval <= 100);
      assert.deepStrictEqual([...got.correlationData], [0, 1]);
      assert.deepStrictEqual({ ...got.userProperties }, { a: ["1", "2"], b: "3" });
    }
    await Promise.all([ear.close(), mouth.close()]);
  },
};

const patience = setTimeout(() => {
  console.error(`${scenario} does not end`);
  process.exit(1);
}, 15_000);
scenarios[scenario]().then(
  () => clearTimeout(patience),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
