import paho.mqtt.client as mqtt
import paho.mqtt.subscribe as subscribe

def on_connect(client, userdata, flags, reason, properties):
    client.socket().close()  # gone, and no DISCONNECT was said

pump = mqtt.Client(
    mqtt.CallbackAPIVersion.VERSION2, "pump", reconnect_on_failure=False
)
pump.will_set("gone/pump", "no goodbye", qos=1, retain=True)
pump.on_connect = on_connect
pump.connect("localhost", 1883)
pump.loop_forever()

message = subscribe.simple("gone/#", hostname="localhost", port=1883)
print(message.topic, "-", message.payload.decode())

# It prints:
# gone/pump - no goodbye
