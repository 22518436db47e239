// A collector with a recipe's server.toml, a real proxy with the recipe in front of it, and who comes through: people and an
// agent at another machine.
import { Collector, Program, until } from '../browser/world.mjs';
import { Person } from './person.mjs';
import { ca, NAME, outside, pinOf, Proxy, Recipe, runOutside } from './recipe.mjs';

const agentProgram = `${process.env.VEDETTE_BINARIES}/vedette-agent`;

export class Stand {
  /** `name` tells two stands of one recipe apart; `change` alters the proxy's configuration. */
  constructor(file, { name = file, change = (text) => text } = {}) {
    this.recipe = new Recipe(file);
    this.collector = new Collector({ name, listen: '127.0.0.1:8443', config: this.recipe.toml });
    if (this.recipe.plain) this.collector.url = 'http://127.0.0.1:8443';
    this.url = this.recipe.publicUrl;
    this.change = change;
  }
  async start() {
    const { collector, recipe } = this;
    await collector.start();
    this.proxy = new Proxy(recipe, collector, this.change).start();
    /** Who signs the certificate that people and agents see. */
    this.ca = recipe.passThrough ? `${collector.data}/tls/ca.crt` : ca;
    this.person = new Person(this.url, this.ca);
    this.who = collector.addUser();
    await until('the proxy answers', async () => {
      if (!this.proxy.program.alive) throw new Error(this.proxy.text());
      return (await this.person.ask('/healthz')).status === 200;
    });
    return this;
  }
  async startAgent() {
    const { collector, recipe } = this, state = `${collector.data}-agent`;
    const pin = recipe.passThrough ? collector.pin() : pinOf(ca), url = this.url.replace(NAME, `${NAME}:443`);
    await runOutside([agentProgram, 'enroll', url, '--token', collector.token(), '--ca-pin', pin, '--state', state], { timeout: 20_000 });
    this.agent = new Program(`${collector.name}-agent`, outside(agentProgram, 'run', '--state', state));
  }
  async stop() {
    await this.agent?.stop('SIGKILL');
    await this.proxy?.stop();
    await this.collector.stop();
  }
}
