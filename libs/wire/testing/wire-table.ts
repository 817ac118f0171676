import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  type FileDescriptorSet,
  type ServiceDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/**
 * Lists all that is on the wire, one tab-separated line each: kind, owner, name, number, type or request, label or
 * response, note. A message without fields has a line of its own.
 */
export function wireTable(files: FileDescriptorSet): readonly string[] {
  return files.file.flatMap(fileRows);
}

interface Cells {
  readonly owner: string;
  readonly name?: string;
  readonly number?: number;
  readonly type?: string;
  readonly label?: string;
  readonly note?: string;
}

const row = (kind: string, { owner, name = '', number, type = '', label = '', note = '' }: Cells): string =>
  [kind, owner, name, number ?? '', type, label, note].join('\t');

const fileRows = (file: FileDescriptorProto): readonly string[] => [
  ...file.service.flatMap((service) => serviceRows(file.package, service)),
  ...file.enumType.flatMap((type) => enumRows(file.package, type)),
  ...file.messageType.flatMap((type) => messageRows(file.package, type)),
];

function serviceRows(scope: string, service: ServiceDescriptorProto): readonly string[] {
  const owner = `${scope}.${service.name}`;
  return service.method.map(({ name, clientStreaming, inputType, serverStreaming, outputType }) => {
    const type = streamed(clientStreaming, inputType);
    const label = streamed(serverStreaming, outputType);
    return row('rpc', { owner, name, type, label });
  });
}

const streamed = (streams: boolean, type: string): string => `${streams ? 'stream ' : ''}${type.slice(1)}`;

const enumRows = (scope: string, type: EnumDescriptorProto): readonly string[] =>
  type.value.map(({ name, number }) => row('enum', { owner: `${scope}.${type.name}`, name, number }));

function messageRows(scope: string, message: DescriptorProto): readonly string[] {
  const owner = `${scope}.${message.name}`;
  const nested = message.nestedType.filter((type) => type.options?.mapEntry !== true);
  return [
    ...(message.field.length === 0 ? [row('message', { owner })] : []),
    ...message.field.map((field) => fieldRow(owner, message, field)),
    ...message.enumType.flatMap((type) => enumRows(owner, type)),
    ...nested.flatMap((type) => messageRows(owner, type)),
  ];
}

function fieldRow(owner: string, message: DescriptorProto, field: FieldDescriptorProto): string {
  const { name, number } = field;
  const note = field.options?.deprecated === true ? 'deprecated' : '';
  const entry = message.nestedType.find((type) => field.typeName === `.${owner}.${type.name}`);
  if (entry?.options?.mapEntry === true) {
    return row('field', { owner, name, number, type: `map<${entry.field.map(typeOf).join(',')}>`, note });
  }
  return row('field', { owner, name, number, type: typeOf(field), label: labelOf(field), note });
}

const typeOf = (field: FieldDescriptorProto): string =>
  field.typeName === '' ? FieldDescriptorProto_Type[field.type].toLowerCase() : field.typeName.slice(1);

function labelOf(field: FieldDescriptorProto): string {
  if (field.label === FieldDescriptorProto_Label.REPEATED) return 'repeated';
  return field.proto3Optional ? 'optional' : '';
}
