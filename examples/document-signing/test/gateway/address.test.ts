import { expect, test } from 'vitest';
import { clientOf } from '../../src/gateway/rate-limit.js';
import { call } from '../support/answers.js';
import { gateway, replica } from '../support/gateway.js';

const spoofed = { 'x-forwarded-for': '198.51.100.1', 'x-real-ip': '198.51.100.1', forwarded: 'for=198.51.100.1' };

test('a service learns the address of the client, in this process and behind the wire, and no spoofed one', async () => {
  const one = await replica('one');
  const { url } = await gateway({ upstreams: { signature: { replicas: [one.url] } } });
  for (const path of ['/documents', '/signatures']) {
    expect((await call(`${url}${path}`, 'GET', undefined, spoofed)).body.address).toBe('127.0.0.1');
  }
});

test('behind a trusted proxy the address is the one that the proxy adds, for services here and elsewhere', async () => {
  const one = await replica('one');
  const parts = { trustedProxies: ['127.0.0.0/8'], upstreams: { signature: { replicas: [one.url] } } };
  const { url } = await gateway(parts);
  const headers = { 'x-forwarded-for': '10.9.9.9, 203.0.113.7' };
  for (const path of ['/documents', '/signatures']) {
    expect((await call(`${url}${path}`, 'GET', undefined, headers)).body.address).toBe('203.0.113.7');
  }
});

test('one client is one client: an IPv4 address also in the form of IPv6, and a network of 64 bits of IPv6', () => {
  expect(clientOf('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(clientOf('2001:db8::1')).toBe(clientOf('2001:db8:0:0:ffff::2'));
  expect(clientOf('2001:db8::1')).not.toBe(clientOf('2001:db8:0:1::1'));
  expect(clientOf('::1')).toBe(clientOf('0:0:0:0:0:0:0:1'));
});
