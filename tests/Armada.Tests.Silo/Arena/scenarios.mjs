// node scenarios.mjs SCENARIO HTTP-ADDRESS ROBOT: ends with 0 where all went as it should.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { RemoteServerMaster, RemoteServerSlave } from './clients.mjs';

const [scenario, http, robot] = process.argv.slice(2);
const ws = http.replace(/^http/, 'ws').replace(/\/$/, '');
const told = (type, check = () => true) => m => m.type === type && check(m.data ?? {});
const connect = client => client.connect();
const command = (method, body) => fetch(new URL(`/api/v1/robots/${robot}/${method}`, http), {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}),
});

const scenarios = {
  async 'round-trip'() {
    const page = await connect(new RemoteServerMaster(ws, robot));
    const other = await connect(new RemoteServerMaster(ws, robot));
    const slave = await connect(new RemoteServerSlave(ws, robot));
    const ack = await slave.executeCommand([{ name: 'Rotation', value: 45, speed: 100 }, { name: 'Elbow', value: -30, speed: 80 }]);
    assert.equal(ack.accepted, true);
    await page.until('the command', () => page.commands.some(
      c => c.joints.some(j => j.name === 'Rotation' && j.value === 45) && c.joints.some(j => j.name === 'Elbow' && j.value === -30)));
    page.sendSlaveStatus([{ name: 'Rotation', virtualValue: 45, realValue: 44.8 }]);
    const relayed = await other.hears('slave_status', told('slave_status'));
    assert.deepEqual(relayed.data.joints, [{ name: 'Rotation', virtual_value: 45, real_value: 44.8 }]);
    const states = await slave.readJointStates();
    assert.deepEqual(states.map(s => s.servoId), [1, 2, 3, 4, 5, 6]);
    const rotation = states.find(s => s.name === 'Rotation');
    assert.deepEqual([rotation.type, rotation.virtualValue, rotation.realValue], ['revolute', 45, 44.8]);
    [page, other, slave].forEach(client => client.leave());
  },

  async heartbeat() {
    const page = await connect(new RemoteServerMaster(ws, robot));
    page.send('heartbeat', {});
    await page.hears('heartbeat_ack', told('heartbeat_ack'));
    page.leave();
  },

  async 'second-master'() {
    const first = await connect(new RemoteServerSlave(ws, robot, '?name=first'));
    const second = await connect(new RemoteServerSlave(ws, robot, '?name=second'));
    assert.equal((await first.executeCommand([{ name: 'Rotation', value: 1 }])).accepted, true);
    const refused = await second.executeCommand([{ name: 'Rotation', value: 2 }]);
    assert.equal(refused.accepted, false);
    assert.match(refused.reason, /first/);
    await second.hears('master_held', told('error', data => data.code === 'master_held' && /first/.test(data.message)));
    [first, second].forEach(client => client.leave());
  },

  async takeover() {
    const first = await connect(new RemoteServerSlave(ws, robot, '?name=first'));
    const second = await connect(new RemoteServerSlave(ws, robot, '?name=second&takeover=true'));
    await first.executeCommand([{ name: 'Rotation', value: 1 }]);
    assert.equal((await second.executeCommand([{ name: 'Rotation', value: 2 }])).accepted, true);
    await first.hears('taken_over', told('error', data => data.code === 'taken_over' && /second/.test(data.message)));
    await first.hears('status', told('status', data => data.master === 'second'));
    await first.until('the close', () => first.closedWith === 4009);
    second.leave();
  },

  async 'panel-lock'() {
    const manual = { joints: [{ name: 'Rotation', value: 3 }] };
    const page = await connect(new RemoteServerMaster(ws, robot));
    assert.ok((await command('command', manual)).ok);
    const driver = await connect(new RemoteServerSlave(ws, robot, '?name=driver'));
    await driver.executeCommand([{ name: 'Rotation', value: 1 }]);
    const locked = await command('command', manual);
    const problem = await locked.json();
    assert.deepEqual([locked.status, problem.type], [409, 'urn:armada:problem:panel-locked']);
    assert.match(problem.detail, /driver/);
    const before = page.heard.length;
    driver.leave();
    await page.until('the unlocked panel', () => page.heard.slice(before).find(told('status', data => data.master_connected === false)));
    assert.ok((await command('command', manual)).ok);
    page.leave();
  },

  // The test cuts the line when it reads "connected".
  async reconnect() {
    const page = new RemoteServerMaster(ws, robot);
    page.reconnects = true;
    await connect(page);
    await page.hears('joint_states', told('joint_states'));
    console.log('connected');
    await page.until('the second connection', () => page.connections === 2 && page.heard.filter(told('joint_states')).length === 2, 10000);
    page.leave();
  },

  async 'unknown-robot'() {
    const page = await connect(new RemoteServerMaster(ws, 'nobody'));
    await page.hears('robot_unknown', told('error', data => data.code === 'robot_unknown'));
    await page.until('the close', () => page.closedWith === 4004);
  },

  // The test plays a demonstration when it reads "connected".
  async sequence() {
    const page = await connect(new RemoteServerMaster(ws, robot));
    await page.hears('joint_states', told('joint_states'));
    console.log('connected');
    await page.until('the sequence', () => page.sequences.length === 1);
    assert.ok(page.sequences[0].commands[0].joints.length > 0);
    assert.ok(page.sequences[0].total_duration > 0);
    await page.until('commands', () => page.commands.length > 3);
    page.leave();
  },
};

createInterface({ input: process.stdin }).on('close', () => process.exit(3)); // The test is gone.
await scenarios[scenario]();
process.exit(0);
