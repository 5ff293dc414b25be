import paho.mqtt.client as mqtt

def on_connect(client, userdata, flags, reason, properties):
    print("CONNACK:", reason)
    client.subscribe("tank/#")

def on_subscribe(client, userdata, mid, reasons, properties):
    client.publish("tank/level", "71 %")

def on_message(client, userdata, message):
    print(message.topic, message.payload.decode())
    client.disconnect()

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "sensor")
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect("localhost", 1883)
client.loop_forever()

# It prints:
# CONNACK: Success
# tank/level 71 %
