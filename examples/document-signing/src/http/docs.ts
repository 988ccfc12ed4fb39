import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import type { HttpApp } from './http-service.js';

/** `GET /docs`: the service's OpenAPI page; `GET /docs/json` is the document behind it. Both are made of the routes' schemas. */
export async function serveDocs(app: HttpApp, name: string, description = ''): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: `document-signing: ${name}`, description, version: '1.0.0' },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}
