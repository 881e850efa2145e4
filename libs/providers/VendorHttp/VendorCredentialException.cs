namespace Sotto.VendorHttp;

/// <summary>A key, certificate or account file is missing, unreadable or not what it should be. The message says which and why, and never what was in it.</summary>
/// <param name="message">Completes a sentence; starts in lower case.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class VendorCredentialException(string message, Exception? inner = null) : Exception(message, inner);
