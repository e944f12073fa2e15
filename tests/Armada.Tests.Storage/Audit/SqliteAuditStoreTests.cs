using Armada.Grains.Storage;
using Armada.Tests.Storage.Support;

namespace Armada.Tests.Storage.Audit;

public sealed class SqliteAuditStoreTests : AuditStoreConformance
{
    protected override async Task<IAuditStoreUnderTest> MakeAsync() => new Log(await SqliteFile.OpenedAsync());

    private sealed class Log(SqliteFile file) : IAuditStoreUnderTest, IAsyncDisposable
    {
        public IAuditStore Open(AuditRetention retention, TimeProvider time) => new SqliteAuditStore(file.Database, retention, time);

        public Task RestartAsync() => file.ReopenAsync();

        public ValueTask DisposeAsync() => file.DisposeAsync();
    }
}
