// A producer and two consumers in RobotHub's protocol, with nothing but what Node brings along.
// node [--experimental-websocket] rooms.mjs http://127.0.0.1:5080/api

const base = process.argv[2];
const workspace = `w-${Math.random().toString(36).slice(2)}`;

function fail(why) {
  console.error(`failed: ${why}`);
  process.exit(1);
}

setTimeout(() => fail('it took too long'), 30000);

async function call(method, path, body, expected = 200) {
  const response = await fetch(`${base}/robotics/workspaces/${workspace}/rooms${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (response.status !== expected) fail(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

class Participant {
  messages = [];
  waiting = [];
  joints = {};

  static join(room, role, id) {
    const participant = new Participant();
    participant.socket = new WebSocket(`${base.replace(/^http/, 'ws')}/robotics/workspaces/${workspace}/rooms/${room}/ws`);
    participant.socket.onopen = () => participant.send({ participant_id: id, role });
    participant.socket.onmessage = (event) => participant.take(JSON.parse(event.data));
    participant.closed = new Promise((resolve) => (participant.socket.onclose = (event) => resolve(event.code)));
    return participant;
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  take(message) {
    if (message.type === 'state_sync') Object.assign(this.joints, message.data);
    if (message.type === 'joint_update') for (const joint of message.data) this.joints[joint.name] = joint.value;
    this.messages.push(message);
    this.waiting = this.waiting.filter((one) => !one());
  }

  until(what, wanted) {
    return new Promise((resolve) => {
      const look = () => {
        const found = wanted(this);
        if (found) resolve(found);
        return Boolean(found);
      };
      if (!look()) this.waiting.push(look);
    }).then((found) => (console.log(what), found));
  }

  hears(type) {
    return this.until(`heard ${type}`, () => this.messages.find((message) => message.type === type));
  }
}

const { room_id: room } = await call('POST', '', {});
const producer = Participant.join(room, 'producer', 'node-producer');
await producer.hears('joined');
const consumer = Participant.join(room, 'consumer', 'node-consumer');
await consumer.hears('joined');
if (consumer.messages[0].type !== 'state_sync') fail('a consumer hears state_sync first');

const second = Participant.join(room, 'producer', 'second');
const refused = await second.hears('error');
if (refused.message !== 'Cannot join room') fail(`second producer: ${refused.message}`);
await second.closed;

producer.send({ type: 'joint_update', data: [{ name: 'Rotation', value: 12 }, { name: 'Jaw', value: 34 }], timestamp: new Date().toISOString() });
await consumer.until('saw the motion end', ({ joints }) => joints.Rotation === 12 && joints.Jaw === 34);
const { state } = await call('GET', `/${room}/state`);
if (state.joints.Rotation !== 12 || state.participants.producer !== 'node-producer') fail(JSON.stringify(state));
const locked = await call('POST', `/${room}/command`, { joints: [{ name: 'Jaw', value: 0 }] }, 409);
if (!locked.detail.includes('node-producer')) fail(locked.detail);

producer.send({ type: 'heartbeat' });
await producer.hears('heartbeat_ack');
consumer.send({ type: 'emergency_stop' });
await producer.hears('emergency_stop');
await consumer.hears('emergency_stop');

await call('DELETE', `/${room}`);
if ((await producer.closed) !== 4004 || (await consumer.closed) !== 4004) fail('a removed room closes its sockets');
console.log('done');
process.exit(0);
