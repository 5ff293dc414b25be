import paho.mqtt.publish as publish
import paho.mqtt.subscribe as subscribe

broker = {"hostname": "localhost", "port": 1883}
for value in ("20", "21"):
    publish.single("room/1", value, qos=1, retain=True, **broker)
publish.single("room/1", "22", qos=1, **broker)

message = subscribe.simple("room/+", **broker)
print(message.payload.decode(), "retain", int(message.retain))

publish.single("room/1", None, qos=1, retain=True, **broker)
publish.single("room/2", "18", qos=1, retain=True, **broker)
message = subscribe.simple("room/+", **broker)
print(message.topic, message.payload.decode())

# It prints:
# 21 retain 1
# room/2 18
