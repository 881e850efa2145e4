namespace Sotto.Delivery;

/// <summary>Credentials are missing, unreadable or not what they should be.</summary>
/// <param name="message">Which and why, and never what was in them; completes a sentence and starts in lower case.</param>
public sealed class CredentialException(string message) : Exception(message);
