namespace Armada.Silo.Store;

/// <summary>A document could not be made durable; the old one stands.</summary>
internal sealed class NotStoredException(string message, Exception? cause = null) : Exception(message, cause);
