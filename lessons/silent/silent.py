import paho.mqtt.client as mqtt

def on_connect(client, userdata, flags, reason, properties):
    print("Session Present:", int(flags.session_present))
    if flags.session_present:
        client.disconnect()  # the broker still knows what we want
    else:
        client.subscribe("news", qos=1)

def on_subscribe(client, userdata, mid, reasons, properties):
    client.disconnect()

client = mqtt.Client(
    mqtt.CallbackAPIVersion.VERSION2, "keeper", clean_session=False
)
client.on_connect = on_connect
client.on_subscribe = on_subscribe
for visit in range(2):
    client.connect("localhost", 1883)
    client.loop_forever()

# It prints:
# Session Present: 0
# Session Present: 1
