// A remote master and a remote slave as the requirement's web page has them: the runtime's own WebSocket, nothing else.

const firstDelay = 250; // ms; doubling to the most, as the original's clients reconnect.
const mostDelay = 2000;

class Client {
  constructor(address, robot) {
    this.address = address;
    this.robot = robot;
    this.heard = [];
    this.waiting = [];
    this.connections = 0;
    this.reconnects = false;
    this.closedWith = undefined;
  }

  connect() {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(this.address);
      this.socket = socket;
      socket.onopen = () => {
        this.connections++;
        this.delay = firstDelay;
        resolve(this);
      };
      socket.onerror = () => reject(new Error(`no connection to ${this.address}`));
      socket.onmessage = event => this.onMessage(JSON.parse(event.data));
      socket.onclose = event => {
        this.closedWith = event.code;
        this.settle();
        if (this.reconnects) this.reconnect();
      };
    });
  }

  reconnect() {
    const delay = this.delay ?? firstDelay;
    this.delay = Math.min(2 * delay, mostDelay);
    setTimeout(() => this.connect().catch(() => {}), delay);
  }

  onMessage(message) {
    this.heard.push(message);
    this.settle();
  }

  settle() {
    this.waiting = this.waiting.filter(attempt => !attempt());
  }

  send(type, data) {
    this.socket.send(JSON.stringify({ type, timestamp: new Date().toISOString(), robot_id: this.robot, data }));
  }

  /** Waits for something heard or to be heard; `what` says what did not come. */
  hears(what, wanted, timeout = 5000) {
    return this.until(what, () => this.heard.find(wanted), timeout);
  }

  until(what, condition, timeout = 5000) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`not within ${timeout} ms: ${what}; heard ${JSON.stringify(this.heard.slice(-5))}`)), timeout);
      const attempt = () => {
        const found = condition();
        if (!found) return false;
        clearTimeout(late);
        resolve(found);
        return true;
      };
      if (!attempt()) this.waiting.push(attempt);
    });
  }

  leave() {
    this.reconnects = false;
    this.socket.close();
  }
}

/** Receives commands and sequences, and tells what its own slaves do. */
export class RemoteServerMaster extends Client {
  constructor(url, robot, query = '') {
    super(`${url}/ws/master/${robot}${query}`, robot);
    this.commands = [];
    this.sequences = [];
  }

  onMessage(message) {
    if (message.type === 'command')
      this.commands.push({ timestamp: Date.now(), joints: message.data.joints.map(j => ({ name: j.name, value: j.value, speed: j.speed })) });
    else if (message.type === 'sequence')
      this.sequences.push(message.data);
    super.onMessage(message);
  }

  sendSlaveStatus(states) {
    this.send('slave_status', {
      joints: states.map(state => ({ name: state.name, virtual_value: state.virtualValue, real_value: state.realValue })),
    });
  }
}

/** Sends commands and waits for their acknowledgement; asks where the joints are. */
export class RemoteServerSlave extends Client {
  constructor(url, robot, query = '') {
    super(`${url}/ws/slave/${robot}${query}`, robot);
  }

  async executeCommand(joints) {
    const before = this.heard.length;
    this.send('command', { joints: joints.map(j => ({ name: j.name, value: j.value, speed: j.speed })) });
    const ack = await this.until('command_ack', () => this.heard.slice(before).find(m => m.type === 'command_ack'), 5000);
    return ack.data;
  }

  async readJointStates() {
    const before = this.heard.length;
    this.send('status_request');
    const states = await this.until('joint_states', () => this.heard.slice(before).find(m => m.type === 'joint_states'), 3000);
    return states.data.joints.map(j => ({
      name: j.name, servoId: j.servo_id, type: j.type, virtualValue: j.virtual_value, realValue: j.real_value,
    }));
  }
}
