import 'uplot/dist/uPlot.min.css';
import './style/tokens.css';
import './style/base.css';
import './style/frame.css';
import './style/controls.css';
import './style/fleet.css';
import './style/host.css';
import './style/outages.css';
import './style/alerts.css';
import './style/alone.css';
import './style/widths.css';
import './style/more.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { clock } from './state/clock.svelte';
import { router } from './state/router.svelte';
import { session } from './state/session.svelte';
import { settings } from './state/settings.svelte';

settings.start();
clock.start();
router.start();
session.start();

const target = document.getElementById('app');
if (target) mount(App, { target });
