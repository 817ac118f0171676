/**
 * A response that is encoded already and goes out as it is. List answers are made of the encoded records,
 * so that listing costs a concatenation.
 */
export class EncodedResponse {
  readonly bytes: Buffer;

  /** @param bytes the whole response message, without the length that gRPC puts before it. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}
