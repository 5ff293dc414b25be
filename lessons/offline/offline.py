import paho.mqtt.client as mqtt
import paho.mqtt.publish as publish

def visit(on_connect, on_subscribe=None, on_message=None):
    keeper = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, "keeper", clean_session=False
    )
    keeper.on_connect = on_connect
    keeper.on_subscribe = on_subscribe
    keeper.on_message = on_message
    keeper.connect("localhost", 1883)
    keeper.loop_forever()

visit(lambda keeper, *_: keeper.subscribe("news", qos=1),
      on_subscribe=lambda keeper, *_: keeper.disconnect())
publish.single("news", "rain", qos=1, hostname="localhost", port=1883)
visit(lambda keeper, *_: print("back again"),
      on_message=lambda keeper, _, message: (
          print("waited:", message.payload.decode()), keeper.disconnect()))

# It prints:
# back again
# waited: rain
