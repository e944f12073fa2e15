using Orleans.Persistence.Redis;
using Orleans.Storage;

namespace Armada.Grains.Storage;

/// <summary>
/// Orleans' Redis storage with errors that a grain can tell apart. The provider reports bytes that cannot be read and a Redis that
/// cannot be reached by the same exception; taking the second for the first would set healthy documents aside.
/// </summary>
internal sealed class RedisStateStorage(IGrainStorage redis) : IGrainStorage
{
    private static readonly AsyncLocal<ReadAttempt?> Current = new();

    /// <exception cref="UnreadableStateException">The record is there and cannot be read.</exception>
    /// <exception cref="StorageReadException">Redis cannot be read now.</exception>
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var attempt = new ReadAttempt();
        Current.Value = attempt; // Undone at the end of this method, as with every async method.
        try
        {
            await redis.ReadStateAsync(stateName, grainId, grainState);
        }
        catch (RedisStorageException) when (attempt.Unreadable is { } unreadable)
        {
            throw new UnreadableStateException(stateName, grainId, grainState.ETag ?? "", unreadable.Message, unreadable);
        }
        catch (RedisStorageException error)
        {
            throw new StorageReadException(
                $"state '{stateName}' of grain '{grainId}' could not be read from Redis: {error.Message}", error);
        }
    }

    /// <exception cref="StorageWriteException">Redis did not confirm it; if the connection was lost, it may be stored.</exception>
    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        try
        {
            await redis.WriteStateAsync(stateName, grainId, grainState);
        }
        catch (RedisStorageException error)
        {
            throw new StorageWriteException(
                $"state '{stateName}' of grain '{grainId}' could not be written to Redis: {error.Message}", error);
        }
    }

    /// <exception cref="StorageWriteException">Redis did not confirm it; if the connection was lost, it may be cleared.</exception>
    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        try
        {
            await redis.ClearStateAsync(stateName, grainId, grainState);
        }
        catch (RedisStorageException error)
        {
            throw new StorageWriteException(
                $"state '{stateName}' of grain '{grainId}' could not be cleared in Redis: {error.Message}", error);
        }
    }

    private sealed class ReadAttempt
    {
        /// <summary>Why the bytes could not be read; null where it did not come to that.</summary>
        public Exception? Unreadable { get; set; }
    }

    /// <summary>The serializer that the provider is given: tells the read under way that it was the bytes.</summary>
    internal sealed class Serializer(IGrainStorageSerializer serializer) : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => serializer.Serialize(input);

        public T? Deserialize<T>(BinaryData input)
        {
            try
            {
                return serializer.Deserialize<T>(input);
            }
            catch (Exception unreadable) when (unreadable is not OutOfMemoryException && Current.Value is not null)
            {
                Current.Value.Unreadable = unreadable;
                throw;
            }
        }
    }
}
