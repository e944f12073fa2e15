using Armada.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Armada.Grains;

/// <summary>
/// One grain's record in the durable storage. What cannot be read, or what today's rules refuse, is set aside with its reason, and the
/// grain starts without it. Any thread may use it, for one call at a time.
/// </summary>
/// <typeparam name="T">What is stored.</typeparam>
public sealed partial class StoredState<T>
    where T : class, new()
{
    private readonly IGrainStorage storage;
    private readonly IStateQuarantine quarantine;
    private readonly IStoreHealth health;
    private readonly IGrainContext grain;
    private readonly ILogger logger;
    private readonly string name;
    private GrainState<T> record = new(new T());

    /// <summary>Nothing is read yet.</summary>
    /// <param name="grain">The grain.</param>
    /// <param name="name">Name of the record.</param>
    public StoredState(IGrainContext grain, string name)
    {
        var services = grain.ActivationServices;
        (this.grain, this.name) = (grain, name);
        storage = services.GetRequiredKeyedService<IGrainStorage>(GrainStores.Armada);
        quarantine = services.GetRequiredKeyedService<IStateQuarantine>(GrainStores.Armada);
        health = services.GetRequiredService<IStoreHealth>();
        logger = services.GetRequiredService<ILogger<StoredState<T>>>();
    }

    /// <summary>What was read or written last.</summary>
    public T Value => record.State!;

    /// <summary>Whether what was stored had to be set aside when it was read.</summary>
    public bool WasSetAside { get; private set; }

    /// <summary>Reads the record; a new one where there is none.</summary>
    /// <param name="findProblem">What today's rules say against it, or null.</param>
    /// <exception cref="OrleansException">The storage cannot be reached.</exception>
    public async Task ReadAsync(Func<T, string?>? findProblem = null)
    {
        if (!health.IsReached)
            throw new OrleansException(GrainStores.Unreachable); // At once: whoever asks may find a silo that reaches it.
        var read = new GrainState<T>(new T());
        try
        {
            await storage.ReadStateAsync(name, grain.GrainId, read);
            record = read;
            if (read.RecordExists && findProblem?.Invoke(read.State!) is { } problem)
                await SetAsideAsync(problem);
        }
        catch (UnreadableStateException unreadable)
        {
            record.ETag = unreadable.ETag;
            await SetAsideAsync(unreadable.Reason);
        }
        catch (StorageException away)
        {
            throw new OrleansException(away.Message); // Of a type that can be sent to another silo.
        }
    }

    /// <summary>Sets aside what was read, and goes on as if nothing had been stored.</summary>
    public async Task SetAsideAsync(string reason)
    {
        LogSetAside(grain.GrainId, name, reason);
        await quarantine.SetAsideAsync(name, grain.GrainId, record.ETag ?? "", reason);
        record = new GrainState<T>(new T());
        WasSetAside = true;
    }

    /// <summary>Stores a value durably; gives null, or why it could not. Where another activation has written, the grain ends here.</summary>
    public async Task<string?> WriteAsync(T value)
    {
        var next = new GrainState<T>(value, record.ETag) { RecordExists = record.RecordExists };
        return await TryAsync(() => storage.WriteStateAsync(name, grain.GrainId, next), next);
    }

    /// <summary>Removes the record; gives null, or why it could not be removed.</summary>
    public Task<string?> ClearAsync()
    {
        var next = new GrainState<T>(record.State, record.ETag) { RecordExists = record.RecordExists };
        return TryAsync(() => storage.ClearStateAsync(name, grain.GrainId, next), next);
    }

    private async Task<string?> TryAsync(Func<Task> write, GrainState<T> next)
    {
        if (!health.IsReached)
            return GrainStores.Unreachable;
        try
        {
            await write();
            record = next;
            return null;
        }
        catch (InconsistentStateException conflict)
        {
            LogSuperseded(conflict, grain.GrainId);
            grain.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "its state was written by another silo"));
            return "it has moved to another silo in the meantime; ask again";
        }
        catch (Exception failed)
        {
            LogNotStored(failed, grain.GrainId, name);
            return failed is StorageException ? $"{failed.Message}; ask again when storage is back" : GrainStores.Unreachable;
        }
    }

    [LoggerMessage(1601, LogLevel.Error, "State '{Name}' of {Grain} is set aside, and everything else goes on: {Reason}")]
    private partial void LogSetAside(GrainId grain, string name, string reason);

    [LoggerMessage(1602, LogLevel.Warning, "{Grain} was written by another silo; it ends here")]
    private partial void LogSuperseded(Exception conflict, GrainId grain);

    [LoggerMessage(1603, LogLevel.Error, "State '{Name}' of {Grain} could not be stored")]
    private partial void LogNotStored(Exception failed, GrainId grain, string name);
}
