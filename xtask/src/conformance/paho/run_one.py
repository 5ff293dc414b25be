"""Lists the tests of a module of Paho's interoperability suite, or runs one of them.

    run_one.py FOLDER MODULE list
    run_one.py FOLDER MODULE run TEST HOST PORT

The modules set host, port and topics only when they are started on their own, and one of them knows but its own port.
"""

import importlib
import logging
import sys
import unittest

TOPICS = ["TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA"]
WILD_TOPICS = ["TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#"]


def is_test(name):
    """One test is named after what it tests, so that unittest does not find it."""
    return name.startswith("test") or name.endswith("_test")


def main(folder, module_name, command, *arguments):
    sys.path.insert(0, folder)
    sys.argv = sys.argv[:1]
    module = importlib.import_module(module_name)
    if command == "list":
        print("\n".join(name for name in dir(module.Test) if is_test(name)))
        return 0
    test, host, port = arguments
    logging.getLogger().setLevel(logging.ERROR)
    module.host = host
    module.port = int(port)
    module.topic_prefix = module_name + "/"
    module.topics = TOPICS
    module.wildtopics = WILD_TOPICS
    module.nosubscribe_topics = ("test/nosubscribe",)
    result = unittest.TextTestRunner().run(unittest.TestSuite([module.Test(test)]))
    return 0 if result.wasSuccessful() and result.testsRun == 1 else 1


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)
