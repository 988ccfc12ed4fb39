export { type PrometheusOptions, prometheusTelemetry } from './prometheus-telemetry.js';
