namespace Armada.Grains.Storage;

/// <summary>
/// The durable store did not do what was asked. It is an <see cref="OrleansException"/>, so that Orleans hands it to a grain as it is
/// instead of wrapping it.
/// </summary>
public abstract class StorageException(string message, Exception? cause) : OrleansException(message, cause!);

/// <summary>The database file cannot be used at all; the message names the file, the cause and the remedy. The file is as it was.</summary>
public sealed class StorageUnusableException(string message, Exception? cause = null) : StorageException(message, cause);

/// <summary>
/// A write was not made durable. In SQLite nothing of it is stored. In Redis its outcome is unknown if the connection was lost on the way.
/// </summary>
public sealed class StorageWriteException(string message, Exception? cause = null) : StorageException(message, cause);

/// <summary>The store cannot be read now; this says nothing about the record.</summary>
public sealed class StorageReadException(string message, Exception? cause = null) : StorageException(message, cause);

/// <summary>
/// A record is there, but what it holds cannot be read: its bytes are damaged, or of a type that this release does not know. It is left
/// as it is; <see cref="IStateQuarantine.SetAsideAsync"/> moves it out of the way.
/// </summary>
public sealed class UnreadableStateException(string stateName, GrainId grainId, string etag, string reason, Exception? cause = null)
    : StorageException($"state '{stateName}' of grain '{grainId}' cannot be read: {reason}; set it aside to start without it", cause)
{
    public string StateName { get; } = stateName;
    public GrainId GrainId { get; } = grainId;
    public string ETag { get; } = etag;
    public string Reason { get; } = reason;
}
