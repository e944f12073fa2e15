using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.InteropServices;
using Armada.Core.Motions;

namespace Armada.Tests.Cluster.Wire;

/// <summary>
/// Makes any value of the Domain, from its constructor's parameters, so that a parameter added tomorrow is tested tomorrow: nulls where
/// they may be, default arrays, numbers that are none, enum values that nobody has named yet.
/// </summary>
internal sealed class AnyValue(int seed)
{
    private const int MostElements = 4;

    private static readonly double[] OddNumbers =
        [0, -0.0, 1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, -179.99];

    private static readonly string[] OddTexts = ["", "a", "arm-7", " ", "\0", "é\U0001F9BE", new('x', 5000)];

    private readonly NullabilityInfoContext nullability = new();
    private readonly Random random = new(seed);

    /// <summary>One value of a type, never null.</summary>
    public object Of(Type type)
    {
        if (type == typeof(string))
            return random.Next(3) == 0 ? OddTexts[random.Next(OddTexts.Length)] : $"name-{random.Next(100)}";
        if (type == typeof(double))
            return random.Next(2) == 0 ? OddNumbers[random.Next(OddNumbers.Length)] : (random.NextDouble() - 0.5) * 1000;
        if (type == typeof(bool))
            return random.Next(2) == 0;
        if (type == typeof(TimeSpan))
            return new TimeSpan((long)Bits(typeof(long)));
        if (type.IsEnum)
            return Enum.ToObject(type, Bits(type.GetEnumUnderlyingType()));
        if (type.IsPrimitive)
            return Bits(type);
        if (type == typeof(IMotion))
            return Of(typeof(SequenceMotion));
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)
            ? Array(type.GenericTypeArguments[0])
            : Record(type);
    }

    private object? Of(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType);
        var mayBeNull = type is not null || nullability.Create(parameter).WriteState == NullabilityState.Nullable;
        return mayBeNull && random.Next(3) == 0 ? null : Of(type ?? parameter.ParameterType);
    }

    private object Record(Type type)
    {
        var constructor = type.GetConstructors()
            .Where(constructor => constructor.GetParameters().All(parameter => IsMember(type, parameter)))
            .MaxBy(constructor => constructor.GetParameters().Length)
            ?? throw new InvalidOperationException($"{type} is no value: no constructor of it takes all its members");
        return constructor.Invoke([.. constructor.GetParameters().Select(Of)]);
    }

    private object Array(Type element)
    {
        if (random.Next(5) == 0)
            return Activator.CreateInstance(typeof(ImmutableArray<>).MakeGenericType(element))!;
        var elements = System.Array.CreateInstance(element, random.Next(MostElements + 1));
        for (var index = 0; index < elements.Length; index++)
            elements.SetValue(Of(element), index);
        return typeof(ImmutableCollectionsMarshal).GetMethod(nameof(ImmutableCollectionsMarshal.AsImmutableArray))!
            .MakeGenericMethod(element).Invoke(null, [elements])!;
    }

    private object Bits(Type type)
    {
        var bits = random.Next(3) switch
        {
            0 => random.Next(4),
            1 => random.NextInt64(),
            _ => -random.NextInt64(),
        };
        return Type.GetTypeCode(type) switch
        {
            TypeCode.Byte => (byte)bits,
            TypeCode.UInt16 => (ushort)bits,
            TypeCode.Int32 => (object)(int)bits,
            TypeCode.UInt32 => (uint)bits,
            TypeCode.Int64 => bits,
            _ => throw new InvalidOperationException($"no number of type {type}"),
        };
    }

    private static bool IsMember(Type type, ParameterInfo parameter) =>
        type.GetProperty(parameter.Name!, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance) is { } property
        && property.PropertyType == parameter.ParameterType;
}
