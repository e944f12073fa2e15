"""Drives an arm of six servos through the vendor's SDK. Usage: scservo_check.py PORT SDK_FOLDER; exit code 77: no pyserial."""
import sys
import time

try:
    import serial  # noqa: F401  what the SDK needs
except ImportError:
    sys.exit(77)
sys.path.insert(0, sys.argv[2])
from scservo_sdk import GroupSyncRead, GroupSyncWrite, PacketHandler, PortHandler

IDS = range(1, 7)
GOAL, PRESENT, TORQUE, ACCELERATION = 42, 56, 40, 41
OK = (0, 0)

port = PortHandler(sys.argv[1])
assert port.openPort() and port.setBaudRate(1_000_000), "open"
bus = PacketHandler(0)
for servo in IDS:
    assert bus.ping(port, servo) == (777, *OK), f"ping {servo}"
assert bus.write1ByteTxRx(port, 1, ACCELERATION, 254) == OK, "write"
assert bus.read1ByteTxRx(port, 1, ACCELERATION) == (254, *OK), "read"

reader = GroupSyncRead(port, bus, PRESENT, 2)
writer = GroupSyncWrite(port, bus, GOAL, 2)
assert all(reader.addParam(servo) for servo in IDS)


def pose():
    assert reader.txRxPacket() == 0, "sync read"
    return [reader.getData(servo, PRESENT, 2) for servo in IDS]


goals = [position + 20 for position in pose()]
for servo, goal in zip(IDS, goals):
    writer.addParam(servo, [goal & 0xFF, goal >> 8])
assert writer.txPacket() == 0, "sync write"
for servo in IDS:
    assert bus.write1ByteTxRx(port, servo, TORQUE, 1) == OK, f"torque {servo}"
end = time.monotonic() + 10
while pose() != goals:
    assert time.monotonic() < end, f"the arm stays at {pose()}, not {goals}"
port.closePort()
